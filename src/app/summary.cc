// How a job ended.
#include "app/summary.h"

#include <algorithm>

#include "app/errors_shown.h"
#include "app/escape.h"
#include "app/figures.h"

namespace twolane::app {
namespace {

int64_t answered(const Job& job) { return job.totals.of(RequestState::succeeded); }
int64_t failed(const Job& job) {
  return job.totals.of(RequestState::failed) + job.totals.of(RequestState::expired);
}

PicoUsd list_cost(const Job& job) {
  PicoUsd sum;
  for (const auto& lane : job.totals.lanes) sum += lane.list;
  return sum;
}

bool stopped_by_cap(const Ending& e) { return e.error && e.error->code.starts_with("money.cap"); }
bool stopped_by_error(const Ending& e) { return e.error && !stopped_by_cap(e); }

bool missed(const Ending& e) { return !on_time(e) && !e.sampled; }

std::string spread(std::string text, std::string_view end) {
  const size_t used = columns_of(text) + columns_of(end);
  return end.empty() ? text : text + std::string(used + 3 > 80 ? 3 : 80 - used, ' ') + std::string(end);
}

std::string command(const Ending& e) { return "twolane run " + escaped(e.input); }

// One row for each tier that answered, then what was paid for nothing, then the total.
std::string lane_table(const Job& job) {
  const Totals& t = job.totals;
  std::vector<PicoUsd> paid, list;
  for (const auto& lane : t.lanes) {
    if (lane.requests == 0 && lane.cost.n == 0) continue;
    paid.push_back(lane.cost);
    list.push_back(lane.list);
  }
  paid.push_back(t.paid_twice);
  paid.push_back(t.storage);
  const PicoUsd list_total = list_cost(job);
  const int decimals =
      std::max(decimals_that_add_up(paid, t.cost), decimals_that_add_up(list, list_total));
  const auto usd = [decimals](PicoUsd p) { return shown_usd(p, decimals, Round::half_even); };
  const size_t money = std::max<size_t>(11, usd(list_total).size() + 2);
  const auto row = [&](std::string_view name, std::string_view n, std::string_view a, std::string_view b) {
    return "  " + left(name, 12) + right(n, 10) + right(a, money) + right(b, money);
  };
  std::string out = row("lane", "requests", "paid USD", "list USD") + '\n';
  for (size_t i = 0; i < t.lanes.size(); ++i) {
    const auto& lane = t.lanes[i];
    if (lane.requests == 0 && lane.cost.n == 0) continue;
    out += row(name_of(static_cast<ServiceTier>(i)), grouped(lane.requests), usd(lane.cost), usd(lane.list)) + '\n';
  }
  if (t.paid_twice.n != 0)
    out += row("paid twice", '(' + grouped(t.paid_twice_attempts) + ')', usd(t.paid_twice), "-") + '\n';
  if (t.storage.n != 0) out += row("storage", "-", usd(t.storage), "-") + '\n';
  const PicoUsd saved = list_total - t.cost;
  out += row("total", grouped(answered(job)), usd(t.cost), usd(list_total));
  return out + "     saved " + usd(saved) + " (" + share(saved, list_total) + ")\n";
}

std::string paid_line(const Job& job) {
  const PicoUsd list = list_cost(job), saved = list - job.totals.cost;
  const PicoUsd parts[] = {job.totals.cost, saved};
  const int decimals = decimals_that_add_up(parts, list);
  const auto usd = [decimals](PicoUsd p) { return shown_usd(p, decimals, Round::half_even); };
  return "paid " + usd(job.totals.cost) + " USD, list " + usd(list) + ", saved " + usd(saved);
}

std::string unconfirmed_line(const Job& job) {
  const Totals& t = job.totals;
  if (t.unconfirmed_attempts == 0) return {};
  return counted(t.unconfirmed_attempts, "call") + " got no answer and may be billed: up to " +
         spoken_usd(t.unconfirmed) + " USD more.\n";
}

std::string cause_lines(const Ending& e) {
  std::string out;
  size_t shown = 0, width = 14;
  for (const auto& c : e.causes) width = std::max(width, std::min<size_t>(c.code.size(), 24));
  for (const auto& c : e.causes) {
    if (++shown > 10) {
      out += "      and " + counted(static_cast<int64_t>(e.causes.size() - 10), "other cause") + '\n';
      break;
    }
    std::string line = right(grouped(c.count), 5) + "  " + left(escaped(c.code, 24), width) + "  ";
    const std::string place = c.first_line > 0 ? "; first is line " + grouped(c.first_line) : std::string();
    const std::string help = c.retry_may_help ? "; a retry may help" : "";
    const size_t used = columns_of(line) + columns_of(place) + columns_of(help);
    line += escaped(c.message, used + 12 < 80 ? 80 - used : 12) + place + help;
    out += line + '\n';
  }
  return out;
}

std::string when_done(const Ending& e, const Zone& zone) {
  const Time last = e.job.last_answer.ms != 0 ? e.job.last_answer : e.now;
  std::string text = "on time: " + day_and_time(last, e.now, zone);
  if (const Duration early = e.job.deadline - last; early >= minutes(1)) text += ", " + spoken(early - milliseconds(early.ms % 60'000)) + " early";
  return text;
}

// Left on purpose with requests open: a sample, one promoted request of a paused job.
std::string open_text(const Ending& e) {
  const std::string name = short_name(e.job.id);
  return "open   " + grouped(answered(e.job)) + " answered, " + grouped(e.job.totals.unfinished()) +
         " not bought yet\nnext  twolane resume " + name + "\n      twolane results " + name + '\n';
}

std::string done_text(const Ending& e, const Zone& zone) {
  if (e.job.totals.unfinished() > 0) return open_text(e);
  std::string out = spread("done   " + grouped(answered(e.job)) + " answered, " + when_done(e, zone), escaped(e.output));
  out += '\n' + lane_table(e.job) + unconfirmed_line(e.job);
  if (e.job.totals.promoted > 0)
    out += grouped(e.job.totals.promoted) + " promoted to a faster lane for the deadline.\n";
  return out;
}

std::string failures_text(const Ending& e) {
  const int64_t cancelled = e.job.totals.of(RequestState::cancelled);
  const int64_t open = e.job.totals.unfinished();  // left on purpose: the job is paused
  std::string head = failed(e.job) > 0 ? "done with failures   " : e.job.state == JobState::cancelled ? "cancelled   " : "done in part   ";
  head += grouped(answered(e.job)) + " answered";
  if (failed(e.job) > 0) head += ", " + grouped(failed(e.job)) + " failed";
  if (cancelled > 0) head += ", " + grouped(cancelled) + " cancelled";
  if (open > 0) head += ", " + grouped(open) + " open";
  std::string out = spread(head + " (exit 1)", escaped(e.output)) + '\n' + cause_lines(e) + paid_line(e.job);
  out += e.job.totals.paid_twice.n == 0 && failed(e.job) > 0 ? "; failures were not billed\n" : "\n";
  out += unconfirmed_line(e.job);
  if (open > 0) out += "next  twolane resume " + short_name(e.job.id) + '\n';
  else if (failed(e.job) > 0) out += "next  twolane retry " + short_name(e.job.id) + '\n';
  else out += "next  " + command(e) + " --again\n";
  return out;
}

std::string missed_text(const Ending& e, const Zone& zone) {
  const Totals& t = e.job.totals;
  std::string out = "deadline missed   " + grouped(answered(e.job)) + " answered, " + grouped(t.late) + " late";
  if (e.job.last_answer.ms != 0) out += ", the last " + day_and_time(e.job.last_answer, e.now, zone);
  if (failed(e.job) > 0) out += ", " + grouped(failed(e.job)) + " failed";
  out += " (exit 3)\n  due " + day_and_time(e.job.deadline, e.now, zone);
  out += e.job.kept ? "\n" : ", best effort: never above batch price\n";
  out += cause_lines(e) + paid_line(e.job);
  if (!e.output.empty()) out += "; answers in " + escaped(e.output);
  out += '\n' + unconfirmed_line(e.job);
  if (failed(e.job) > 0) out += "next  twolane retry " + short_name(e.job.id) + '\n';
  return out;
}

std::string cap_text(const Ending& e) {
  const PicoUsd cap = e.job.cap.value_or(PicoUsd{});
  std::string out = "stopped by the cap   " + grouped(answered(e.job)) + " answered, " +
                    grouped(e.job.totals.unfinished()) + " not bought (exit 4)\n";
  out += "  booked " + exact_usd(e.job.totals.cost) + " of " + spoken_usd(cap) + " USD";
  if (e.next_request.n > 0) out += "; the next request could cost " + spoken_usd(e.next_request);
  out += '\n' + unconfirmed_line(e.job) + "next  " + command(e) + " --max-cost ";
  if (e.enough_cap.n > 0)
    out += shown_usd(e.enough_cap, 2, Round::up) + "    (enough even at full length)\n";
  else out += "MORE\n";
  return out + "      twolane results " + short_name(e.job.id) + '\n';
}

std::string interrupted_text(const Ending& e, const Zone& zone) {
  const Totals& t = e.job.totals;
  std::string out = "interrupted   " + grouped(e.job.requests - t.unfinished()) + " of " +
                    grouped(e.job.requests) + " kept, " + spoken_usd(t.cost) + " USD booked (exit 130)\n";
  if (e.running.size() == 1) {
    const auto& b = e.running[0];
    out += "  still running   batch " + std::to_string(b.number) + " at " + escaped(b.provider) + ", " +
           counted(b.requests, "request") + ": bills up to " + spoken_usd(t.reserved) + " USD more\n";
  } else if (!e.running.empty()) {
    int64_t requests = 0;
    for (const auto& b : e.running) requests += b.requests;
    out += "  still running   " + counted(static_cast<int64_t>(e.running.size()), "batch") + ", " +
           counted(requests, "request") + ": they bill up to " + spoken_usd(t.reserved) + " USD more\n";
  }
  out += "  not watched     " + day_and_time(e.job.deadline, e.now, zone) + ": ";
  if (e.takeover > e.now)
    out += "come back before " + day_and_time(e.takeover, e.now, zone) + ", or it may be late\n";
  else out += "nobody watches the deadline until you come back\n";
  out += unconfirmed_line(e.job);
  return out + "go on   " + command(e) + "\nend it  twolane cancel " + short_name(e.job.id) + '\n';
}

}  // namespace

std::string short_name(JobId id) { return id.hex().substr(0, 6); }

bool on_time(const Ending& e) {
  const Totals& t = e.job.totals;
  return t.late == 0 && t.of(RequestState::expired) == 0 && (t.unfinished() == 0 || e.now <= e.job.deadline);
}

int exit_code(const Ending& e) {
  if (e.interrupted) return 130;
  if (stopped_by_error(e)) return 2;
  if (stopped_by_cap(e)) return 4;
  if (missed(e)) return 3;
  return failed(e.job) + e.job.totals.of(RequestState::cancelled) > 0 ? 1 : 0;
}

std::string promise_text(const plan::Verdict& v, Time now, const Zone& zone) {
  char chance[16];
  std::snprintf(chance, sizeof chance, "%.0f %%", 100 * v.on_time);
  const std::string alone = "the live lane alone takes until " + day_and_time(v.earliest, now, zone);
  if (v.kind == plan::Verdict::Kind::at_risk)
    return "at risk: in time with a probability of about " + std::string(chance) + "; " + alone + "\n";
  if (v.kind == plan::Verdict::Kind::cannot) return "cannot be done in time: " + alone + ", the earliest that can be kept\n";
  return {};
}

std::string cap_risk_text(PicoUsd cap, PicoUsd in_batches, PicoUsd live) {
  if (cap >= live) return {};
  const std::string risk = "should batches be late, what the cap does not cover is late as well, or not bought\n";
  if (cap < in_batches)
    return "the cap may not cover every request: in batches they cost " + spoken_usd(in_batches) + " USD at most; " + risk;
  return "the cap bounds promotion: it covers every request in batches (" + spoken_usd(in_batches) + " USD at most), not live (" +
         spoken_usd(live) + "); " + risk;
}

std::string ending_text(const Ending& e, const Zone& zone) {
  switch (exit_code(e)) {
    case 130: return interrupted_text(e, zone);
    case 2: return shown(*e.error);
    case 4: return cap_text(e);
    case 3: return missed_text(e, zone);
    case 1: return failures_text(e);
    default: return done_text(e, zone);
  }
}

wire::Json job_json(const Job& job, Time now) {
  const Totals& t = job.totals;
  const PicoUsd list = list_cost(job);
  wire::Json lanes = wire::Json::object();
  for (size_t i = 0; i < t.lanes.size(); ++i) {
    const auto tier = static_cast<ServiceTier>(i);
    const bool sold_elsewhere = tier == ServiceTier::priority || tier == ServiceTier::scale;
    if (sold_elsewhere && t.lanes[i].requests == 0) continue;
    lanes[std::string(name_of(tier))] = {{"requests", t.lanes[i].requests},
                                         {"cost_usd", exact_usd(t.lanes[i].cost)},
                                         {"list_cost_usd", exact_usd(t.lanes[i].list)}};
  }
  Ending at_this_moment;
  at_this_moment.job = job;
  at_this_moment.now = now;
  return {{"job", job.id.hex()},
          {"input", job.input_name},
          {"requests", job.requests},
          {"succeeded", t.of(RequestState::succeeded)},
          {"failed", t.of(RequestState::failed)},
          {"expired", t.of(RequestState::expired)},
          {"cancelled", t.of(RequestState::cancelled)},
          {"open", t.unfinished()},
          {"waiting", t.of(RequestState::waiting)},
          {"promoted", t.promoted},
          {"late", t.late},
          {"on_time", on_time(at_this_moment)},
          {"deadline", rfc3339(job.deadline)},
          {"kept", job.kept},
          {"accepted_at", rfc3339(job.accepted)},
          {"finished_at", job.finished.ms != 0 ? wire::Json(rfc3339(job.finished)) : wire::Json(nullptr)},
          {"input_tokens", t.input_tokens},
          {"cached_tokens", t.cached_tokens},
          {"output_tokens", t.output_tokens},
          {"cost_usd", exact_usd(t.cost)},
          {"list_cost_usd", exact_usd(list)},
          {"saved_usd", exact_usd(list - t.cost)},
          {"paid_twice_usd", exact_usd(t.paid_twice)},
          {"storage_usd", exact_usd(t.storage)},
          {"unconfirmed_usd", exact_usd(t.unconfirmed)},
          {"reserved_usd", exact_usd(t.reserved)},
          {"cap_usd", job.cap ? wire::Json(exact_usd(*job.cap)) : wire::Json(nullptr)},
          {"lanes", std::move(lanes)}};
}

wire::Json ending_json(const Ending& e) {
  const int exit = exit_code(e);
  wire::Json object = {{"schema", 1}, {"ok", exit == 0}, {"exit", exit}};
  object.update(job_json(e.job, e.now));
  object["output"] = e.output.empty() ? wire::Json(nullptr) : wire::Json(e.output);
  object["elapsed_s"] = e.elapsed_s;
  object["promise"] = patient::promise_json(e.promise);
  object["miss_foreseen"] = patient::miss_json(e.miss);
  wire::Json causes = wire::Json::array();
  for (const auto& c : e.causes)
    causes.push_back({{"code", c.code}, {"message", c.message}, {"count", c.count},
                      {"first_line", c.first_line}, {"retry_may_help", c.retry_may_help}});
  object["failures"] = std::move(causes);
  object["error"] = e.error ? error_object(*e.error, e.job.totals.cost) : wire::Json(nullptr);
  return object;
}

}  // namespace twolane::app
