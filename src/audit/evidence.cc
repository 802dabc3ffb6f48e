// Weights are judgement, in decibans; docs/audit.md explains each and shows how they do on a labelled month.
#include "audit/evidence.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdio>

#include "audit/collector.h"

namespace twolane::audit {
namespace {

constexpr int64_t few = 20;  // calls below which shapes and shares say nothing

std::string percent(double share) {
  char text[16];
  std::snprintf(text, sizeof text, "%.0f %%", share * 100);
  return text;
}

double part(int64_t of, int64_t whole) {
  return whole > 0 ? static_cast<double>(of) / static_cast<double>(whole) : 0;
}

std::string clock(int minute) {
  char text[16];
  std::snprintf(text, sizeof text, "%02d:%02d", minute / 60, minute % 60);
  return text;
}

std::string of_calls(double share, std::string_view what) { return percent(share) + " of calls " + std::string(what); }

Evidence streaming(const Seen& s) {
  const auto& streams = s.caller.name.streaming;
  if (!streams) return {};
  if (*streams) return {"streaming", -8, "answers are streamed: usually somebody reads along"};
  return {"streaming", 2, "answers are not streamed"};
}

Evidence disconnects(const Seen& s) {
  const Profile& p = s.caller;
  if (p.outcomes < few) return {};
  const double share = part(p.disconnected, p.outcomes);
  if (share >= 0.01 && p.disconnected >= 3)
    return {"disconnects", -9, of_calls(share, "were broken off by the client: people leave, jobs do not")};
  if (p.disconnected == 0 && p.outcomes >= 500) return {"disconnects", 2, "no call was broken off by the client"};
  return {};
}

Evidence turns(const Seen& s) {
  const Profile& p = s.caller;
  if (p.joined < few) return {};
  const double share = part(p.turns, p.calls);
  if (share >= 0.15)
    return {"turns", -14, of_calls(share, "quote an earlier answer after a pause: a conversation, half of them after ") +
                              spoken(Duration{p.until_used.quantile(0.5)})};
  return {};
}

Evidence chains(const Seen& s) {
  const Profile& p = s.caller;
  const double share = part(p.chained, p.calls);
  if (p.calls < few || share < 0.2) return {};
  return {"chains", -3, of_calls(share, "hold the answer of the call before, seconds old: steps of an agent")};
}

// Share of calls from Monday to Friday within working hours.
double within_work(const Profile& p, const Settings& settings, int64_t& known, int64_t& nights) {
  int64_t work = 0;
  known = nights = 0;
  for (int h = 0; h < week_hours; ++h) {
    const int day = h / 24, hour = h % 24;
    const int64_t n = p.calls_at[static_cast<size_t>(h)];
    known += n;
    if (day >= 1 && day <= 5 && hour >= settings.work_begins && hour < settings.work_ends) work += n;
    if (hour < 6) nights += n;
  }
  return part(work, known);
}

// Whoever pressed a button may wait for all that it set off.
Evidence short_runs(const Seen& s) {
  const Profile& p = s.caller;
  if (s.schedule.every != Schedule::Every::none || p.run_count < 5) return {};
  const Run run = usual_run(p);
  const Duration usual = run.end - run.start;
  if (run.calls < 5 || usual >= minutes(1)) return {};
  return {"short", -8, "its runs are over after " + spoken(usual) + " and keep no hours: somebody may wait for all of it"};
}

Evidence hours_of_week(const Seen& s) {
  int64_t known = 0, nights = 0;
  const double share = within_work(s.caller, s.settings, known, nights);
  if (known < 50 || s.caller.days_active < 3) return {};
  const std::string words = of_calls(share, "fall into working hours");
  if (share >= 0.75) return {"hours", -4, words};
  if (share <= 0.08) return {"hours", 7, words + ", " + percent(part(nights, known)) + " between midnight and six"};
  if (share <= 0.22) return {"hours", 3, words};
  std::array<int64_t, 6> watches{};  // of four hours
  for (int h = 0; h < week_hours; ++h) watches[static_cast<size_t>(h % 24 / 4)] += s.caller.calls_at[static_cast<size_t>(h)];
  if (*std::ranges::min_element(watches) * 6 >= known * 6 / 10)
    return {"hours", 2, "calls are spread evenly over day and night"};
  return {};
}

Evidence schedule(const Seen& s) {
  const Schedule& plan = s.schedule;
  const std::string times = std::to_string(plan.runs) + " runs";
  switch (plan.every) {
    case Schedule::Every::day: return {"schedule", 13, "starts daily about " + clock(plan.minute) + ", " + times};
    case Schedule::Every::week: return {"schedule", 9, "starts weekly at the same hour, " + times};
    case Schedule::Every::hour: return {"schedule", 12, "starts every " + spoken(plan.period) + ", " + times};
    case Schedule::Every::none: break;
  }
  return {};
}

// From the first to the last call, with or without a calendar.
Duration span_of(const Profile& p) {
  Time first = p.first, last = p.last;
  for (const Run& run : p.runs) {
    if (first.ms == 0 || run.start < first) first = run.start;
    last = std::max(last, run.end);
  }
  return std::max(last - first, Duration{1});
}

Evidence bursts(const Seen& s) {
  const Profile& p = s.caller;
  if (p.calls_in_finished_runs < 50) return {};
  const double large = part(p.calls_in_runs_of_100, p.calls_in_finished_runs);
  const double middling = part(p.calls_in_runs_of_20, p.calls_in_finished_runs);
  const double pace = p.run_count > 0 ? part(p.calls_in_finished_runs, p.run_count) : 0;
  char mean[24];
  std::snprintf(mean, sizeof mean, "%.0f", pace);
  const double busy = part(p.run_time.ms, span_of(p).ms);
  if (large >= 0.8 && busy < 0.2 && p.users.estimate() <= 3)
    return {"bursts", 5, of_calls(large, "come in runs of a hundred and more, ") + mean + " to a run, with nothing between"};
  if (large >= 0.8) return {"bursts", 1, of_calls(large, "come in runs of a hundred and more")};
  if (middling <= 0.2) return {"bursts", -5, "calls trickle: " + percent(1 - middling) + " in runs of fewer than 20"};
  return {};
}

// Whether shapes are those of single users: known and kept apart.
bool by_user(const Profile& p) {
  return !p.name.user.empty() || (p.users.estimate() > 0 && p.folded * 5 < p.calls);
}

Evidence endurance(const Seen& s) {
  const Run& run = s.caller.longest;
  if (!by_user(s.caller) || run.calls < 300 || run.end - run.start < hours(1)) return {};
  return {"endurance", 7, "one user made " + std::to_string(run.calls) + " calls in " + spoken(run.end - run.start) +
                              " without a pause of three minutes"};
}

Evidence concurrency(const Seen& s) {
  const Profile& p = s.caller;
  if (p.calls < few) return {};
  const int64_t usual = p.in_flight.quantile(0.5) + 1, most = p.in_flight.quantile(0.9) + 1;
  const bool one_user = by_user(p);
  const std::string words = "half of the time " + std::to_string(usual) + ", one time in ten " +
                            std::to_string(most) + " and more calls at once";
  if (one_user && usual >= 4) return {"concurrency", 10, words + " for one user: nobody reads that"};
  if (one_user && most >= 4) return {"concurrency", 4, words + " for one user"};
  if (one_user && most <= 1 && p.ends_known > p.calls / 2)
    return {"concurrency", -2, "one call at a time for each user"};
  if (p.users.estimate() == 0 && usual >= 4 && most * 10 <= usual * 11)
    return {"concurrency", 3, "always " + std::to_string(usual) + " calls at once, hardly ever more: a pool of workers"};
  return {};
}

Evidence pool(const Seen& s) {
  const Profile& p = s.caller;
  const double share = part(p.start_at_end, p.ends_known);
  const bool chained = part(p.chained, p.calls) >= 0.2;
  if (p.ends_known < 50 || chained || p.run_time.ms == 0) return {};
  const double each_ms = part(p.calls_in_finished_runs, p.run_time.ms);
  const double chance = 1 - std::exp(-300 * each_ms);
  if (share - chance < 0.5 * (1 - chance)) return {};
  const bool one = !p.name.user.empty() || p.users.estimate() <= 2;
  return {"pool", one ? 5 : 2, of_calls(share, "begin within 0.3 s of the end of another (by chance it would be ") + percent(chance) + "): a pool of workers"};
}

Evidence people(const Seen& s) {
  const Profile& p = s.caller;
  const int64_t users = std::max(p.users.estimate(), p.name.users), sessions = p.sessions.estimate();
  if (users >= 10) return {"people", -5, "made for " + std::to_string(users) + " users"};
  if (sessions >= 20 && p.calls < sessions * 30 && part(p.turns + p.chained, p.calls) < 0.1) return {};
  return {};
}

bool contains(std::string_view text, std::string_view word) {
  const auto same = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
  return std::search(text.begin(), text.end(), word.begin(), word.end(), same) != text.end();
}

template <size_t N>
std::string_view found_in(const std::array<std::string_view, N>& words, std::initializer_list<std::string_view> texts) {
  for (const std::string_view text : texts)
    for (const std::string_view word : words)
      if (contains(text, word)) return word;
  return {};
}

Evidence user_agent(const Seen& s) {
  static constexpr std::array<std::string_view, 10> seen_by_people{
      "browser", "vscode", "jetbrains", "cursor", "copilot", "okhttp", "cfnetwork", "slack", "neovim", "electron"};
  static constexpr std::array<std::string_view, 13> runners{
      "airflow", "dagster", "prefect", "celery", "cron", "github-actions", "gitlab", "jenkins", "pytest",
      "spark", "dbt", "temporal", "argo"};
  const std::string_view client = s.caller.name.client;
  if (const auto word = found_in(seen_by_people, {client}); !word.empty())
    return {"client", -8, "the client is " + std::string(client.substr(0, 32)) + ": people use it"};
  if (const auto word = found_in(runners, {client}); !word.empty())
    return {"client", 9, "the client is " + std::string(client.substr(0, 32)) + ", which runs jobs"};
  return {};
}

Evidence names(const Seen& s) {
  static constexpr std::array<std::string_view, 12> jobs{"batch", "nightly", "backfill", "eval", "cron", "etl",
                                                         "sweep", "judge", "label", "offline", "reindex", "digest"};
  static constexpr std::array<std::string_view, 7> people{"chat", "copilot", "assistant", "playground",
                                                          "autocomplete", "live", "voice"};
  const CallerName& n = s.caller.name;
  const auto job = found_in(jobs, {n.key, n.route, n.family, n.team});
  const auto person = found_in(people, {n.key, n.route, n.family, n.team});
  if (!job.empty() && person.empty()) return {"name", 3, "its name says \"" + std::string(job) + '"'};
  if (!person.empty() && job.empty()) return {"name", -3, "its name says \"" + std::string(person) + '"'};
  return {};
}

Evidence latency(const Seen& s) {
  const Profile& p = s.caller;
  if (p.latency.count() < few) return {};
  const Duration usual{p.latency.quantile(0.5)}, slow{p.latency.quantile(0.95)};
  const std::string words = "has lived with " + spoken(usual) + " for half of its calls and " + spoken(slow) + " for one in twenty";
  const bool streams = p.name.streaming.value_or(false);
  if (usual >= seconds(60) && !streams) return {"latency", 5, words};
  if (slow >= seconds(120) && !streams) return {"latency", 2, words};
  if (usual <= milliseconds(1500) && p.usage.output < p.calls * 64 && p.users.estimate() >= 5)
    return {"latency", -3, words + ", for short answers to many users"};
  return {};
}

Evidence retries(const Seen& s) {
  const Profile& p = s.caller;
  if (p.calls < few) return {};
  const double share = part(p.refused, p.calls);
  if (share >= 0.02)
    return {"retries", 3, of_calls(share, "met a rate limit and were tried again: it pushes as fast as it may")};
  return {};
}

Evidence use(const Seen& s) {
  const Profile& p = s.caller;
  if (p.until_used.count() < few) return {};
  const Duration soonest{p.until_used.quantile(0.05)};
  if (soonest >= minutes(10)) return {"use", 8, "answers lie at least " + spoken(soonest) + " before they are used"};
  return {};
}

constexpr EvidenceRule table[] = {
    {"streaming", "whether answers are streamed", streaming},
    {"disconnects", "calls that the client broke off", disconnects},
    {"turns", "prompts that quote an answer more than 10 s old", turns},
    {"chains", "prompts that quote an answer at most 10 s old", chains},
    {"hours", "hours and weekdays against working hours", hours_of_week},
    {"schedule", "runs that start at the same time of day, hour or week", schedule},
    {"bursts", "how many calls come in runs without pauses of 3 min", bursts},
    {"short", "runs that are over within a minute and have no schedule", short_runs},
    {"endurance", "long runs of one user without a pause", endurance},
    {"concurrency", "calls of one user at the same time", concurrency},
    {"pool", "calls that begin when another ends", pool},
    {"people", "how many users stand behind it", people},
    {"client", "the program in the user agent", user_agent},
    {"name", "words in the names of key, route and prompt", names},
    {"latency", "how long its callers have waited so far", latency},
    {"retries", "rate limits met and retried", retries},
    {"use", "idle time between an answer and its use", use},
};

}  // namespace

std::span<const EvidenceRule> evidence_rules() { return table; }

}  // namespace twolane::audit
