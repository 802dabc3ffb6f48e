// A month of calls of which it is known who waited for them: what the verdicts are held to.
//
// Each crowd below makes its calls as such clients do, with noise, and says whether somebody waits. The
// names of keys and routes are neutral: nothing gives the label away but behaviour. Deterministic: a seed
// gives one month. Weights of evidence were set while looking at seeds 1 to 4; tests use others.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "audit/call.h"
#include "audit/hash.h"
#include "audit/reader.h"

namespace twolane::audit {

enum class Label : uint8_t { waits, can_wait, batched };

struct LabelledCall {
  Label label = Label::waits;
  const char* crowd = "";
  Time start;
  Duration latency;
  std::optional<Duration> first_token;
  std::string key, user, route, session, client;
  uint64_t family = 0, answer = 0, answer_before = 0;
  const char* provider = "openai";
  const char* model = "gpt-5.4-mini";
  Endpoint endpoint = Endpoint::chat_completions;
  bool streaming = false;
  bool outcome_known = true, latency_known = true;
  ServiceTier tier = ServiceTier::standard;
  Outcome outcome = Outcome::succeeded;
  Usage usage;
  Call call() const;
};

inline Call LabelledCall::call() const {
  Call c;
  c.format = Format::twolane_access;
  c.start = start, c.first_token = first_token;
  if (latency_known) c.latency = latency;
  c.key = key, c.user = user, c.route = route, c.session = session, c.user_agent = client;
  c.prompt_family = family, c.answer = answer, c.answer_before = answer_before;
  c.provider = provider, c.model = model, c.endpoint = endpoint;
  c.streaming = streaming, c.tier = tier, c.usage = usage, c.cache_known = true;
  c.outcome = outcome_known ? outcome : Outcome::unknown;
  return c;
}

// Random numbers of a seed (SplitMix64).
class Dice {
 public:
  explicit Dice(uint64_t seed) : state_(hash_text("dice", seed)) {}
  uint64_t bits() {
    uint64_t x = state_ += 0x9E3779B97F4A7C15ull;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
    return x ^ (x >> 31);
  }
  double share() { return static_cast<double>(bits() >> 11) * 0x1.0p-53; }
  bool happens(double chance) { return share() < chance; }
  double between(double low, double high) { return low + (high - low) * share(); }
  int64_t number(int64_t low, int64_t high) { return low + static_cast<int64_t>(share() * static_cast<double>(high - low + 1)); }
  double normal() { return std::sqrt(-2 * std::log(share() + 1e-12)) * std::cos(6.283185307179586 * share()); }
  double about(double median, double spread) { return median * std::exp(spread * normal()); }

 private:
  uint64_t state_;
};

class LabelledMonth {
 public:
  static constexpr int zone_minutes = 120;
  static constexpr int month_days = 30;
  explicit LabelledMonth(uint64_t seed);
  const std::vector<LabelledCall>& calls() const { return calls_; }  // by time

 private:
  static constexpr int64_t begin = 1'780'272'000'000;  // Monday 2026-06-01 00:00 UTC
  // Local midnight of a day of the month, and a local time of it.
  static Time at(int day, double hour) {
    return {begin + (int64_t{day} * 1440 - zone_minutes) * 60'000 + static_cast<int64_t>(hour * 3'600'000)};
  }
  static bool weekend(int day) { return day % 7 >= 5; }

  struct Manner {
    Label label;
    const char* crowd;
    std::string key, route, client;
    uint64_t family = 0;
    const char* provider = "openai";
    const char* model = "gpt-5.4-mini";
    bool streaming = false;
    double input = 1500, output = 300;   // medians
    double latency = 4;                  // seconds, median
    bool users_known = true, sessions_known = true, texts_known = true;
    double disconnects = 0;
  };
  LabelledCall& add(const Manner& m, Time start, std::string user, int64_t input);
  Time conversation(const Manner& m, Time start, const std::string& user, int turns, double pause);
  void crowd_of_users(const Manner& m, int users, double sessions_a_day, double first_hour, double last_hour,
                      int turns, double pause, double on_weekends);
  Time run(const Manner& m, Time start, int64_t calls, int workers, const std::string& user);
  void people();
  void programs_of_people();
  void jobs();
  void difficult();
  void disguised();

  // Logs differ in what they hold: some crowds' outcomes and durations are missing.
  bool left_out(std::string_view crowd, uint64_t what, double chance) const {
    return Dice(hash_text(crowd, seed_ * 4 + what)).happens(chance);
  }

  uint64_t seed_;
  Dice dice_;
  uint64_t serial_ = 0;
  std::vector<LabelledCall> calls_;
};

inline LabelledCall& LabelledMonth::add(const Manner& m, Time start, std::string user, int64_t input) {
  LabelledCall c;
  c.label = m.label, c.crowd = m.crowd, c.start = start;
  c.latency = seconds(0) + Duration{static_cast<int64_t>(1000 * dice_.about(m.latency, 0.4))};
  c.key = m.key, c.route = m.route, c.client = m.client, c.family = m.family * 0x9E3779B97F4A7C15ull;
  c.outcome_known = !left_out(m.crowd, 1, 0.25), c.latency_known = !left_out(m.crowd, 2, 0.15);
  c.provider = m.provider, c.model = m.model, c.streaming = m.streaming;
  if (m.users_known) c.user = std::move(user);
  if (m.streaming) c.first_token = Duration{c.latency.ms / 8};
  c.usage.fresh = input;
  c.usage.output = static_cast<int64_t>(dice_.about(m.output, 0.5)) + 1;
  if (dice_.happens(0.004)) c.outcome = Outcome::failed;
  if (dice_.happens(m.disconnects)) c.outcome = Outcome::disconnected;
  calls_.push_back(std::move(c));
  return calls_.back();
}

// Turns whose prompts hold all that was said before. Returns when it ends.
inline Time LabelledMonth::conversation(const Manner& m, Time start, const std::string& user, int turns, double pause) {
  const std::string session = "s" + std::to_string(++serial_);
  auto input = static_cast<int64_t>(dice_.about(m.input, 0.4));
  uint64_t before = 0;
  for (int i = 0; i < turns; ++i) {
    LabelledCall& c = add(m, start, user, input);
    if (m.sessions_known) c.session = session;
    if (m.texts_known) c.answer = ++serial_ * 0x9E3779B97F4A7C15ull, c.answer_before = before;
    before = c.answer;
    input += c.usage.output + dice_.number(20, 120);
    start = c.start + c.latency + Duration{static_cast<int64_t>(1000 * dice_.about(pause, 0.7))};
  }
  return start;
}

inline void LabelledMonth::crowd_of_users(const Manner& m, int users, double sessions_a_day, double first_hour,
                                          double last_hour, int turns, double pause, double on_weekends) {
  for (int u = 0; u < users; ++u) {
    const std::string user = m.key + "-u" + std::to_string(u);
    for (int day = 0; day < month_days; ++day) {
      double wanted = sessions_a_day * (weekend(day) ? on_weekends : 1);
      for (; wanted > 0; wanted -= 1)
        if (dice_.happens(std::min(wanted, 1.0)))
          conversation(m, at(day, dice_.between(first_hour, last_hour)), user, static_cast<int>(dice_.number(1, 2 * turns - 1)), pause);
    }
  }
}

// Workers that each send a call when theirs is answered. Returns when all is done.
inline Time LabelledMonth::run(const Manner& m, Time start, int64_t calls, int workers, const std::string& user) {
  std::vector<Time> free(static_cast<size_t>(workers), start);
  Time end = start;
  for (int64_t i = 0; i < calls; ++i) {
    auto worker = free.begin();
    for (auto it = free.begin(); it != free.end(); ++it)
      if (*it < *worker) worker = it;
    const LabelledCall& c = add(m, *worker, user, static_cast<int64_t>(dice_.about(m.input, 0.3)));
    *worker = c.start + c.latency + milliseconds(dice_.number(2, 60));
    if (end < *worker) end = *worker;
  }
  return end;
}

inline void LabelledMonth::people() {
  Manner chat{.label = Label::waits, .crowd = "chat", .key = "k-1f", .route = "r1", .client = "node", .family = 11,
              .provider = "anthropic", .model = "claude-sonnet-4.6", .streaming = true, .disconnects = 0.04};
  crowd_of_users(chat, 110, 0.8, 8, 19, 5, 50, 0.15);
  chat.crowd = "chat in the evening and at night";
  chat.key = "k-2a", chat.family = 12;
  crowd_of_users(chat, 25, 0.6, 18, 29, 5, 60, 1.2);
  chat.crowd = "chat, no users or sessions logged";
  chat.key = "k-3b", chat.family = 13, chat.users_known = chat.sessions_known = chat.texts_known = false;
  crowd_of_users(chat, 30, 0.6, 8, 20, 4, 45, 0.3);
  Manner plain = chat;
  plain.crowd = "chat without streaming, from another zone";
  plain.key = "k-4c", plain.family = 14, plain.streaming = false, plain.disconnects = 0.01;
  plain.users_known = plain.sessions_known = true;
  crowd_of_users(plain, 40, 0.5, 15, 26, 4, 60, 0.2);
}

inline void LabelledMonth::programs_of_people() {
  Manner copilot{.label = Label::waits, .crowd = "copilot", .key = "k-5d", .route = "r2", .client = "vscode", .family = 21,
                 .input = 900, .output = 30, .latency = 0.6, .sessions_known = false, .texts_known = false, .disconnects = 0.2};
  crowd_of_users(copilot, 30, 3, 9, 18, 10, 9, 0.05);
  Manner agent{.label = Label::waits, .crowd = "agent that a person started", .key = "k-6e", .route = "r3", .client = "python-httpx",
               .family = 22, .provider = "anthropic", .model = "claude-sonnet-4.6", .input = 4000, .output = 400, .latency = 6};
  crowd_of_users(agent, 15, 0.5, 9, 19, 12, 1.5, 0.1);
  Manner search{.label = Label::waits, .crowd = "answers in a search page, nothing logged", .key = "k-7f", .client = "Go-http-client", .family = 23,
                .model = "gpt-5.4-nano", .input = 1200, .output = 120, .latency = 1.5, .users_known = false, .sessions_known = false,
                .texts_known = false, .disconnects = 0.02};
  crowd_of_users(search, 100, 1, 7, 23, 2, 20, 0.8);
}

inline void LabelledMonth::jobs() {
  const Manner python{.label = Label::can_wait, .crowd = "", .key = "", .route = "r4", .client = "OpenAI", .users_known = false,
                      .sessions_known = false, .texts_known = false};
  Manner nightly = python;
  nightly.crowd = "nightly job, jittered", nightly.key = "k-8a", nightly.family = 31, nightly.model = "gpt-5.4";
  for (int day = 0; day < month_days; ++day)
    if (!dice_.happens(0.05)) run(nightly, at(day, 2.2 + dice_.between(-0.3, 0.3)), dice_.number(250, 500), 12, "");
  Manner evals = python;
  evals.crowd = "evals by day", evals.key = "k-9b", evals.family = 32, evals.users_known = true, evals.provider = "anthropic",
  evals.model = "claude-sonnet-4.6";
  for (int day = 0; day < month_days; ++day)
    if (!weekend(day) && dice_.happens(0.5))
      run(evals, at(day, dice_.between(9, 18)), dice_.number(400, 900), 16, "researcher-" + std::to_string(dice_.number(1, 2)));
  Manner backfill = python;
  backfill.crowd = "backfill over a weekend", backfill.key = "k-10c", backfill.family = 33, backfill.input = 3000, backfill.output = 150;
  backfill.users_known = true;
  run(backfill, at(11, 17), 9000, 3, "etl");
  Manner sweep = python;
  sweep.crowd = "moderation sweep every 15 minutes", sweep.key = "k-11d", sweep.family = 34, sweep.model = "gpt-5.4-nano";
  sweep.input = 600, sweep.output = 20, sweep.latency = 1.2;
  for (int quarter = 0; quarter < month_days * 96; ++quarter)
    run(sweep, at(0, quarter * 0.25 + dice_.between(0, 0.02)), dice_.number(10, 18), 2, "");
  Manner digest = python;
  digest.crowd = "hourly digest", digest.key = "k-12e", digest.family = 35, digest.provider = "gemini", digest.model = "gemini-3.5-flash";
  for (int hour = 0; hour < month_days * 24; ++hour)
    run(digest, at(0, hour + 0.08 + dice_.between(0, 0.05)), dice_.number(12, 24), 3, "");
}

inline void LabelledMonth::difficult() {
  Manner streams{.label = Label::can_wait, .crowd = "nightly job that streams", .key = "k-13f", .route = "r5", .client = "LangChain", .family = 41,
                 .streaming = true, .latency = 7, .users_known = true, .sessions_known = false, .texts_known = false};
  for (int day = 0; day < month_days; ++day) run(streams, at(day, 3.5 + dice_.between(-0.2, 0.2)), dice_.number(100, 220), 8, "svc");
  Manner steps{.label = Label::can_wait, .crowd = "agents every night", .key = "k-14a", .route = "r5", .client = "python-httpx", .family = 42,
               .input = 3000, .output = 350, .latency = 8, .users_known = true};
  for (int day = 0; day < month_days; ++day)
    for (int i = 0; i < 5; ++i) conversation(steps, at(day, 4 + dice_.between(0, 0.1)), "svc", static_cast<int>(dice_.number(8, 16)), 1);
  Manner chat{.label = Label::waits, .crowd = "chat on a shared key", .key = "k-15b", .client = "node", .family = 43, .streaming = true, .disconnects = 0.03};
  crowd_of_users(chat, 40, 0.6, 8, 20, 4, 45, 0.2);
  Manner job{.label = Label::can_wait, .crowd = "job on the same key", .key = "k-15b", .client = "node", .family = 44, .users_known = false, .sessions_known = false,
             .texts_known = false};
  for (int day = 0; day < month_days; ++day) run(job, at(day, 1 + dice_.between(0, 0.4)), dice_.number(150, 300), 6, "");
  Manner day_calls{.label = Label::waits, .crowd = "calls by day on a key where nothing tells them apart", .key = "k-16c", .client = "node",
                   .input = 1200, .output = 200, .users_known = false, .sessions_known = false, .texts_known = false};
  crowd_of_users(day_calls, 30, 0.5, 8, 20, 3, 60, 0.2);
  Manner night_calls = day_calls;
  night_calls.label = Label::can_wait, night_calls.crowd = "calls by night on that key";
  for (int day = 0; day < month_days; ++day) run(night_calls, at(day, 2 + dice_.between(0, 1)), dice_.number(20, 60), 4, "");
  Manner triage{.label = Label::can_wait, .crowd = "queue of tickets, as they come", .key = "k-17d", .client = "python-requests", .family = 46,
                .input = 800, .output = 60, .latency = 2, .users_known = false, .sessions_known = false, .texts_known = false};
  crowd_of_users(triage, 40, 1.5, 6, 23, 1, 1, 0.5);
  Manner batched{.label = Label::batched, .crowd = "batches", .key = "k-18e", .client = "OpenAI", .family = 47, .users_known = false, .sessions_known = false,
                 .texts_known = false};
  const size_t from = calls_.size();
  run(batched, at(20, 10), 1500, 50, "");
  for (size_t i = from; i < calls_.size(); ++i) calls_[i].tier = ServiceTier::batch;
}

// People whose calls look like jobs.
inline void LabelledMonth::disguised() {
  const Manner sheet{.label = Label::waits, .crowd = "spreadsheet that fills its cells at once", .key = "k-19a", .route = "r6", .client = "OpenAI", .family = 51,
                     .input = 700, .output = 90, .latency = 2.5, .sessions_known = false, .texts_known = false};
  for (int day = 0; day < month_days; ++day)
    for (int i = 0; i < 8; ++i)
      if (!weekend(day) && dice_.happens(0.7))
        run(sheet, at(day, dice_.between(9, 18)), dice_.number(25, 140), 20, "analyst-" + std::to_string(dice_.number(1, 3)));
  Manner widget{.label = Label::waits, .crowd = "visitors of a busy site, nothing logged", .key = "k-20b", .client = "node", .family = 52,
                .input = 1800, .output = 250, .latency = 5, .users_known = false, .sessions_known = false, .texts_known = false};
  for (int day = 0; day < month_days; ++day)
    for (double hour = dice_.between(0, 0.1); hour < 24; hour += -std::log(dice_.share() + 1e-12) / (hour > 8 && hour < 23 ? 30 : 10))
      add(widget, at(day, hour), "", static_cast<int64_t>(dice_.about(widget.input, 0.3)));
  Manner shared = widget;
  shared.crowd = "agents of people, users not logged", shared.key = "k-21c", shared.client = "python-httpx", shared.family = 53;
  shared.texts_known = shared.sessions_known = true;
  crowd_of_users(shared, 8, 0.6, 8, 23, 10, 2, 0.3);
  Manner morning = widget;
  morning.crowd = "report that a team opens every morning", morning.key = "k-22d", morning.client = "Go-http-client", morning.family = 54;
  morning.users_known = true;
  for (int day = 0; day < month_days; ++day)
    for (int i = 0; i < 5; ++i)
      if (!weekend(day)) run(morning, at(day, 9 + dice_.between(0, 0.5)), 6, 3, "lead-" + std::to_string(i));
}

inline LabelledMonth::LabelledMonth(uint64_t seed) : seed_(seed), dice_(seed) {
  people();
  programs_of_people();
  jobs();
  difficult();
  disguised();
  std::stable_sort(calls_.begin(), calls_.end(), [](const auto& a, const auto& b) { return a.start < b.start; });
}

}  // namespace twolane::audit
