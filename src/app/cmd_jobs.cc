// twolane jobs, twolane show: what the home knows, read beside its owner.
#include <algorithm>

#include "app/commands.h"
#include "app/config.h"
#include "app/ending_facts.h"
#include "app/errors_shown.h"
#include "app/escape.h"
#include "app/figures.h"
#include "app/find.h"
#include "app/snapshot.h"
#include "app/summary.h"
#include "app/worlds.h"
#include "patient/trouble.h"

namespace twolane::app {
namespace {

std::string state_of(const Job& job, Time now) {
  const Totals& t = job.totals;
  const int64_t failed = t.of(RequestState::failed) + t.of(RequestState::expired);
  if (job.state == JobState::cancelled) return "cancelled";
  if (t.unfinished() == 0) {
    if (t.late > 0) return "done, " + grouped(t.late) + " late";
    return failed > 0 ? "done, " + grouped(failed) + " failed" : "done on time";
  }
  if (const auto trouble = patient::trouble_from_json(job.trouble)) return "held: " + trouble->code;
  if (job.state == JobState::paused) return "paused";
  if (job.state == JobState::cancelling) return "cancelling";
  return now > job.deadline ? "late" : "open";
}

std::string due_of(const Job& job, Time now, const Zone& zone) {
  std::string text = day_and_time(job.deadline, now, zone);
  if (job.totals.unfinished() > 0 && job.deadline > now) {
    const Duration left_ms = job.deadline - now;
    text += ", " + spoken(left_ms - milliseconds(left_ms.ms % 60'000));
  }
  return text;
}

std::string table(const std::vector<Job>& jobs, store::Store& store, const Zone& zone) {
  size_t input = 8, due = 10, state = 6;
  struct Row {
    std::string job, input, done, due, state, usd;
  };
  std::vector<Row> rows;
  for (const auto& j : jobs) {
    const Time now = known_time(j.world, store);
    const int64_t done = j.requests - j.totals.unfinished();
    rows.push_back({short_name(j.id), escaped(j.input_name, 24), grouped(done) + '/' + grouped(j.requests),
                    due_of(j, now, zone), escaped(state_of(j, now), 28), spoken_usd(j.totals.cost)});
    input = std::max(input, columns_of(rows.back().input));
    due = std::max(due, rows.back().due.size());
    state = std::max(state, columns_of(rows.back().state));
  }
  std::string out = left("JOB", 8) + left("INPUT", input + 2) + right("DONE", 15) + "  " + left("DUE", due + 2) +
                    left("STATE", state + 2) + right("USD", 8) + '\n';
  for (const auto& r : rows)
    out += left(r.job, 8) + left(r.input, input + 2) + right(r.done, 15) + "  " + left(r.due, due + 2) +
           left(r.state, state + 2) + right(r.usd, 8) + '\n';
  return out;
}

std::string provider_says(const Batch& b) {
  if (b.said_done >= 0) return grouped(b.said_done);
  return b.said.empty() ? "-" : escaped(b.said, 14);
}

std::string batch_table(const std::vector<Batch>& batches, Time now) {
  std::string out = left("BATCH", 26) + right("REQUESTS", 10) + "  " + left("STATE", 12) + left("AGE", 12) +
                    right("PROVIDER SAYS", 14) + '\n';
  for (const auto& b : batches) {
    const Time from = b.sent.ms != 0 ? b.sent : b.created;
    const Time to = b.ended.ms != 0 ? b.ended : now;
    out += left(escaped(b.provider_id.empty() ? "(" + b.provider + ")" : b.provider_id, 24), 26) +
           right(grouped(b.requests), 10) + "  " + left(b.cancelling && !is_final(b.state) ? "cancelling" : name_of(b.state), 12) +
           left(spoken(to > from ? to - from : Duration{}), 12) + right(provider_says(b), 14) + '\n';
  }
  return out;
}

wire::Json batch_json(const Batch& b) {
  const auto time_or_null = [](Time t) { return t.ms == 0 ? wire::Json(nullptr) : wire::Json(rfc3339(t)); };
  return {{"provider", b.provider},
          {"id", b.provider_id.empty() ? wire::Json(nullptr) : wire::Json(b.provider_id)},
          {"model", b.model},
          {"tier", name_of(b.tier)},
          {"state", name_of(b.state)},
          {"cancelling", b.cancelling},
          {"requests", b.requests},
          {"sent_at", time_or_null(b.sent)},
          {"ended_at", time_or_null(b.ended)},
          {"provider_state", b.said.empty() ? wire::Json(nullptr) : wire::Json(b.said)},
          {"provider_done", b.said_done < 0 ? wire::Json(nullptr) : wire::Json(b.said_done)}};
}

std::string show_text(const Job& job, const std::vector<Batch>& batches, const std::vector<Cause>& causes, Time now,
                      const Zone& zone) {
  const Totals& t = job.totals;
  std::string out = "job " + short_name(job.id) + "   " + escaped(state_of(job, now), 40) + ", due " +
                    day_and_time(job.deadline, now, zone) + (job.kept ? " (kept)" : " (best effort)");
  out += job.cap ? ", cap " + spoken_usd(*job.cap) + " USD\n" : ", no cap\n";
  out += "input   " + escaped(job.input_name, 60) + ", " + counted(job.requests, "request") + '\n';
  out += "done " + grouped(t.of(RequestState::succeeded)) + "   in batches " + grouped(t.of(RequestState::batched)) +
         "   waiting " + grouped(t.of(RequestState::open)) + "   live " + grouped(t.of(RequestState::live)) +
         "   failed " + grouped(t.of(RequestState::failed) + t.of(RequestState::expired)) + '\n';
  out += "money   " + spoken_usd(t.cost) + " booked, " + spoken_usd(t.reserved) + " reserved, " +
         spoken_usd(t.unconfirmed) + " unconfirmed\n";
  if (!batches.empty()) out += batch_table(batches, now);
  for (const auto& c : causes)
    out += "failed  " + grouped(c.count) + "  " + escaped(c.code, 24) + "  " + escaped(c.message, 40) + '\n';
  if (const auto trouble = patient::trouble_from_json(job.trouble)) out += shown_held(*trouble);
  const std::string name = short_name(job.id);
  if (t.unfinished() > 0) out += "next  twolane results " + name + "   twolane promote " + name + '\n';
  else out += "next  twolane results " + name + '\n';
  return out;
}

}  // namespace

int jobs_command(const Shell& shell) {
  const auto config = load_config(shell.in.common.config);
  if (!config) return shell.refuse(config.error());
  auto home = store::Home::beside(home_directory(shell.in.common.home, *config));
  std::vector<Job> jobs;
  if (home) {
    auto found = (*home)->store().jobs();
    if (!found) return shell.refuse(found.error());
    jobs = std::move(*found);
  } else if (home.error().code != "store.absent") {
    return shell.refuse(home.error());
  }
  auto object = good_answer();
  object["jobs"] = wire::Json::array();
  for (const auto& job : jobs) {
    const Time now = known_time(job.world, (*home)->store());
    auto one = job_json(job, now);
    one["state"] = state_of(job, now);
    object["jobs"].push_back(std::move(one));
  }
  shell.answer(object);
  if (shell.in.common.json) return 0;
  if (jobs.empty()) shell.print("no jobs yet: twolane run INPUT\n");
  else shell.print(table(jobs, (*home)->store(), shell.zone));
  return 0;
}

int show_command(const Shell& shell) {
  const auto show = [&shell]() -> Result<int> {
    const auto config = TRY(load_config(shell.in.common.config));
    const auto home = TRY(store::Home::beside(home_directory(shell.in.common.home, config)));
    const Job job = TRY(find_job(home->store(), shell.in.job.job));
    const Time now = known_time(job.world, home->store());
    const auto all = TRY(home->store().batches_of(job.id));
    const auto causes = TRY(causes_of(home->store(), job));
    auto object = good_answer();
    object.update(job_json(job, now));
    object["state"] = state_of(job, now);
    object["batches"] = wire::Json::array();
    for (const auto& b : all) object["batches"].push_back(batch_json(b));
    const auto trouble = patient::trouble_from_json(job.trouble);
    object["error"] = trouble ? error_object(*trouble, job.totals.cost) : wire::Json(nullptr);
    if (!shell.in.common.json) shell.print(show_text(job, provider_batches(all), causes, now, shell.zone));
    shell.answer(object);
    return 0;
  };
  const auto shown = show();
  return shown ? *shown : shell.refuse(shown.error());
}

}  // namespace twolane::app
