// twolane jobs, twolane show: what the home or a server knows.
#include <algorithm>

#include "app/commands.h"
#include "app/errors_shown.h"
#include "app/escape.h"
#include "app/figures.h"
#include "app/job_source.h"
#include "app/snapshot.h"
#include "app/summary.h"
#include "patient/trouble.h"

namespace twolane::app {
namespace {

std::string state_of(const Job& job, Time now) {
  const Totals& t = job.totals;
  const int64_t failed = t.of(RequestState::failed) + t.of(RequestState::expired);
  if (job.state == JobState::cancelled) return "cancelled";
  if (t.unfinished() == 0) {
    if (t.late > 0) return "done, " + grouped(t.late) + " late";
    if (failed > 0) return "done, " + grouped(failed) + " failed";
    const int64_t cancelled = t.of(RequestState::cancelled);
    return cancelled > 0 ? "done, " + grouped(cancelled) + " cancelled" : "done on time";
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

std::string table(const std::vector<JobView>& jobs, const Zone& zone) {
  size_t input = 8, due = 10, state = 6;
  struct Row {
    std::string job, input, done, due, state, usd;
  };
  std::vector<Row> rows;
  for (const auto& view : jobs) {
    const Job& j = view.job;
    const Time now = view.now;
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
           right(grouped(b.requests), 10) + "  " + left(b.cancelling() && !is_final(b.state) ? "cancelling" : name_of(b.state), 12) +
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
          {"cancelling", b.cancelling()},
          {"requests", b.requests},
          {"sent_at", time_or_null(b.sent)},
          {"ended_at", time_or_null(b.ended)},
          {"provider_state", b.said.empty() ? wire::Json(nullptr) : wire::Json(b.said)},
          {"provider_done", b.said_done < 0 ? wire::Json(nullptr) : wire::Json(b.said_done)}};
}

std::string chance_text(double probability) {
  char text[16];
  std::snprintf(text, sizeof text, "%.0f %%", 100 * probability);
  return text;
}

// What was promised, when the rest goes live, what is foreseen.
std::string outlook_text(const JobView& view, const std::string& flag, const Zone& zone) {
  const Job& job = view.job;
  const Time now = view.now;
  if (job.state == JobState::cancelling) return "cancel  nothing more is bought; what was bought is collected\n";
  std::string out;
  if (view.cut > 0)
    out += "cut     " + counted(view.cut, "request") + " not wanted any more; of those in batches an answer is kept if it comes\n";
  if (!job.kept) out += "promise none: best effort is never promoted\n";
  else if (view.promise)
    out += "promise " + (view.promise->kind == plan::Verdict::Kind::accepted ? "accepted: the live lane can keep it whatever the batches do\n"
                                                                             : promise_text(*view.promise, now, zone));
  if (view.miss && view.miss->finish > now)
    out += std::string("late    the deadline ") + (job.deadline < now ? "was" : "will be") + " missed: live, the rest takes until " + day_and_time(view.miss->finish, now, zone) +
           (view.miss->probability < 0.995 ? "; batches may be in time with " + chance_text(1 - view.miss->probability) : "") + "\n";
  if (view.miss && view.miss->finish.ms == 0 && now <= job.deadline)
    out += "late    the cap does not cover what would have to go live for the deadline: run it again with a higher --max-cost\n";
  if (job.state == JobState::paused)
    return out + "paused  nothing is placed, not even for the deadline: twolane resume " + short_name(job.id) + flag + '\n';
  if (job.kept && view.takeover > now)
    out += "live    from " + day_and_time(view.takeover, now, zone) + " on, what batches have not returned by then\n";
  else if (job.kept && view.takeover.ms > 0)
    out += "live    what batches have not returned goes live now\n";
  return out;
}

// `flag`: what the commands that it names need behind them.
std::string show_text(const JobView& view, const std::string& flag, const Zone& zone) {
  const Job& job = view.job;
  const Time now = view.now;
  const Totals& t = job.totals;
  std::string out = "job " + short_name(job.id) + "   " + escaped(state_of(job, now), 40) + ", due " +
                    day_and_time(job.deadline, now, zone) + (job.kept ? " (kept)" : " (best effort)");
  out += job.cap ? ", cap " + spoken_usd(*job.cap) + " USD\n" : ", no cap\n";
  out += "input   " + escaped(job.input_name, 60) + ", " + counted(job.requests, "request") + '\n';
  out += "done " + grouped(t.of(RequestState::succeeded)) + "   in batches " + grouped(t.of(RequestState::batched)) +
         "   waiting " + grouped(t.of(RequestState::open) + t.of(RequestState::waiting)) + "   live " + grouped(t.of(RequestState::live)) +
         "   failed " + grouped(t.of(RequestState::failed) + t.of(RequestState::expired));
  out += t.of(RequestState::cancelled) > 0 ? "   cancelled " + grouped(t.of(RequestState::cancelled)) + '\n' : "\n";
  if (const int64_t n = t.of(RequestState::waiting); n > 0) out += "after   " + counted(n, "request") + " of those that wait, for answers of others\n";
  out += "money   " + spoken_usd(t.cost) + " booked, " + spoken_usd(t.reserved) + " reserved, " +
         spoken_usd(t.unconfirmed) + " unconfirmed\n";
  if (t.unfinished() > 0) out += outlook_text(view, flag, zone);
  else if (view.miss) out += "late    the deadline was missed, as was foreseen " + day_and_time(view.miss->at, now, zone) + "\n";
  if (const auto batches = provider_batches(view.batches); !batches.empty()) out += batch_table(batches, now);
  for (const auto& c : view.causes)
    out += "failed  " + grouped(c.count) + "  " + escaped(c.code, 24) + "  " + escaped(c.message, 40) + '\n';
  if (const auto trouble = patient::trouble_from_json(job.trouble)) out += shown_held(*trouble);
  const std::string name = short_name(job.id);
  if (t.unfinished() > 0) out += "next  twolane results " + name + flag + "   twolane promote " + name + flag + '\n';
  else out += "next  twolane results " + name + flag + '\n';
  return out;
}

}  // namespace

int jobs_command(const Shell& shell) {
  const auto list = [&shell]() -> Result<int> {
    const auto source = TRY(job_source(shell));
    const auto jobs = TRY(source->jobs());
    auto object = good_answer();
    object["jobs"] = wire::Json::array();
    for (const auto& view : jobs) {
      auto one = job_json(view.job, view.now);
      one["state"] = state_of(view.job, view.now);
      object["jobs"].push_back(std::move(one));
    }
    shell.answer(object);
    if (shell.in.common.json) return 0;
    if (jobs.empty()) shell.print("no jobs yet: twolane run INPUT\n");
    else shell.print(table(jobs, shell.zone));
    return 0;
  };
  const auto listed = list();
  return listed ? *listed : shell.refuse(listed.error());
}

int show_command(const Shell& shell) {
  const auto show = [&shell]() -> Result<int> {
    const auto source = TRY(job_source(shell));
    const JobView view = TRY(source->show(shell.in.job.job));
    auto object = good_answer();
    object.update(job_json(view.job, view.now));
    object["state"] = state_of(view.job, view.now);
    object["batches"] = wire::Json::array();
    for (const auto& b : view.batches) object["batches"].push_back(batch_json(b));
    object["promise"] = patient::promise_json(view.promise);
    object["miss_foreseen"] = patient::miss_json(view.miss);
    object["cut"] = view.cut;
    object["takeover_at"] = view.takeover.ms > 0 ? wire::Json(rfc3339(view.takeover)) : wire::Json(nullptr);
    const auto trouble = patient::trouble_from_json(view.job.trouble);
    object["error"] = trouble ? error_object(*trouble, view.job.totals.cost) : wire::Json(nullptr);
    if (!shell.in.common.json) shell.print(show_text(view, source->flag(), shell.zone));
    shell.answer(object);
    return 0;
  };
  const auto shown = show();
  return shown ? *shown : shell.refuse(shown.error());
}

}  // namespace twolane::app
