#include "world.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "../foretold.h"
#include "laws.h"
#include "patient/cache_marks.h"
#include "patient/intake.h"
#include "store/sqlite/sqlite_store.h"
#include "wire/json.h"

namespace twolane::seeded {
namespace {

constexpr Time start_of_world{1'790'000'000'000};
constexpr Duration life = days(7);

struct Sold {
  const char* provider;
  const char* model;
  const char* kind;  // of body
};
constexpr Sold sold[] = {
    {"openai", "gpt-5.4-mini", "chat"},         {"openai", "gpt-4.1-nano", "chat"},
    {"openai", "text-embedding-3-small", "embedding"}, {"openai", "gpt-5.4-mini", "responses"},
    {"anthropic", "claude-haiku-4-5", "chat"},  {"gemini", "gemini-2.5-flash", "chat"},
    {"gemini", "gemini-3.1-flash-lite", "chat"},
};

}  // namespace

World::World(uint64_t seed) : seed_(seed), random_(seed * 0x9E3779B97F4A7C15ull + 0x1234567) {
  make_scenario();
  auto opened = sim::Providers::open(scenario_, seed, "");
  if (!opened) {
    broken("the simulator does not open: " + opened.error().message);
    return;
  }
  providers_ = std::move(*opened);
  world_ = std::make_unique<sim::VirtualWorld>(*providers_, seed, start_of_world);
  world_->before_event = [this] { operation(); };
  disk_.before = [this](const char*, std::string_view) { operation(); };
  directory_ = std::filesystem::temp_directory_path() /
               ("twolane-seed-" + std::to_string(seed) + "-" + std::to_string(getpid()));
  std::filesystem::create_directories(directory_);
  make_orders();
  lives_left_ = static_cast<int>(draw(8));
  word_left_ = static_cast<int>(draw(3));
  if (chance(0.3)) cuts_left_ = 1 + static_cast<int>(draw(3));
}

World::~World() {
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

uint64_t World::draw(uint64_t below) {  // splitmix64
  uint64_t z = (random_ += 0x9E3779B97F4A7C15ull);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return (z ^ (z >> 31)) % below;
}

bool World::chance(double p) { return static_cast<double>(draw(1'000'000)) < p * 1e6; }

void World::make_scenario() {
  auto some = [&](double often, double most) {
    return chance(often) ? most * static_cast<double>(draw(1000)) / 1000 : 0.0;
  };
  sim::Scenario& s = scenario_;
  s.name = "seed " + std::to_string(seed_);
  s.median = minutes(static_cast<int64_t>(2 + draw(240)));
  s.sigma = 0.3 + static_cast<double>(draw(100)) / 100;
  s.stuck = some(0.3, 0.3);
  s.slow_days = some(0.2, 0.3);
  s.request_error = some(0.4, 0.1);
  s.request_server_error = some(0.5, 0.2);
  s.billed_failure = some(0.3, 1.0);
  s.expired_share = some(0.3, 0.3);
  s.duplicate_line = some(0.4, 0.2);
  s.missing_line = some(0.4, 0.1);
  s.foreign_line = some(0.3, 0.2);
  s.corrupt_line = some(0.4, 0.1);
  s.truncated_download = some(0.4, 0.4);
  if (chance(0.3)) s.late_output = minutes(static_cast<int64_t>(draw(20)));
  s.counts_lie = some(0.3, 0.5);
  s.empty_string_ids = chance(0.3);
  s.too_many = some(0.4, 0.2);
  s.server_error = some(0.4, 0.2);
  s.server_error_after = some(0.4, 0.2);
  s.lost = some(0.4, 0.2);
  s.lost_after = some(0.4, 0.2);
  s.refused = some(0.3, 0.2);
  s.unknown_state = some(0.3, 0.2);
  s.unreadable = some(0.3, 0.1);
  if (chance(0.3)) s.list_lag = minutes(static_cast<int64_t>(draw(6)));
  long_heads_ = chance(0.25);
  stranger_ = long_heads_ && chance(0.3);
  const long long scale = long_heads_ ? 40 : 1;  // a batch of long prompts fits into a queue of its own
  if (chance(0.3)) s.enqueued_tokens = scale * static_cast<long long>(500 + draw(5000));
  if (chance(0.2)) s.live_per_minute = static_cast<double>(20 + draw(100));
  if (chance(0.2)) s.blackout_at = {minutes(static_cast<int64_t>(draw(600)))};
  s.flex_refused = some(0.7, 1.0);
  s.flex_latency = seconds(static_cast<int64_t>(2 + draw(chance(0.3) ? 900 : 60)));
}

void World::make_orders() {
  const int n = 1 + static_cast<int>(draw(3));
  for (int i = 0; i < n; ++i) {
    Order order;
    order.heads = long_heads_ && chance(0.6);
    order.requests = 1 + static_cast<int64_t>(draw(chance(0.2) ? 150 : 40));
    order.path = directory_ + "/input" + std::to_string(i) + ".jsonl";
    std::ofstream(order.path) << (order.heads ? make_lines_with_heads(static_cast<int>(order.requests), i)
                                              : make_lines(static_cast<int>(order.requests), i));
    order.kept = chance(0.6);
    order.within = order.kept ? minutes(static_cast<int64_t>(10 + draw(36 * 60))) : hours(24);
    order.probe = chance(0.7);
    if (chance(0.15)) order.cap = PicoUsd{static_cast<__int128>(1 + draw(20)) * 1'000'000'000};
    order.given = start_of_world + minutes(static_cast<int64_t>(i == 0 ? 0 : draw(300)));
    orders_.push_back(order);
  }
}

// In a quarter of the orders most lines come after one or two of those just before them. Returns where their
// answers go. Draws nothing, so that the other seeds stay the worlds that they were.
std::string World::come_after(wire::Json& line, int order, int i) const {
  const uint64_t hash = (seed_ * 1009 + static_cast<uint64_t>(order * 503 + i)) * 0x9E3779B97F4A7C15ull >> 20;
  if ((seed_ / 4 + static_cast<uint64_t>(order)) % 4 != 0 || i == 0 || hash % 4 == 0) return {};
  const auto near = static_cast<uint64_t>(std::min(i, 5));
  std::set<int> after = {i - 1 - static_cast<int>((hash >> 4) % near)};
  if (hash % 4 == 1) after.insert(i - 1 - static_cast<int>((hash >> 8) % near));
  std::string answers;
  for (const int earlier : after) {
    line["after"].push_back("r" + std::to_string(earlier));
    if (hash % 5 != 0) answers += "{{answer:r" + std::to_string(earlier) + "}} ";
  }
  return answers;
}

std::string World::make_lines(int n, int order) {
  std::string text;
  std::vector<Sold> used;
  for (int i = 0; i < 1 + static_cast<int>(draw(3)); ++i) used.push_back(sold[draw(std::size(sold))]);
  for (int i = 0; i < n; ++i) {
    const Sold& s = used[draw(used.size())];
    wire::Json line = {{"custom_id", "r" + std::to_string(i)}, {"method", "POST"}};
    const std::string words = come_after(line, order, i) + "ticket " + std::to_string(order) + "-" + std::to_string(i) + " about a card";
    const std::string kind = s.kind;
    if (kind == "embedding") {
      line["url"] = "/v1/embeddings";
      line["body"] = {{"model", s.model}, {"input", words}};
    } else if (kind == "responses") {
      line["url"] = "/v1/responses";
      line["body"] = {{"model", s.model}, {"input", words}, {"max_output_tokens", 60}};
    } else {
      line["url"] = "/v1/chat/completions";
      wire::Json message = {{"role", "user"}, {"content", words}};
      line["body"] = {{"model", s.model}, {"messages", wire::Json::array({message})}, {"max_completion_tokens", 60}};
    }
    text += wire::dump(line) + "\n";
  }
  return text;
}

// Two heads that are long enough to be kept, and so many requests for each that it may pay.
std::string World::make_lines_with_heads(int n, int order) {
  std::string text;
  for (int i = 0; i < n; ++i) {
    std::string rules = "Rules " + std::to_string(draw(8) == 0 ? 2 : 1) + ". ";
    for (int rule = 0; rule < 700; ++rule) rules += "Rule " + std::to_string(rule) + " holds. ";
    const std::string words = "ticket " + std::to_string(order) + "-" + std::to_string(i);
    text += wire::dump({{"custom_id", "r" + std::to_string(i)},
                        {"method", "POST"},
                        {"url", "/v1/chat/completions"},
                        {"body",
                         {{"model", "gemini-2.5-flash"},
                          {"messages",
                           {{{"role", "system"}, {"content", rules}}, {{"role", "user"}, {"content", words}}}},
                          {"max_completion_tokens", 60}}}}) +
            "\n";
  }
  return text;
}

// Short lives and long ones: the next death is a few operations away as often as thousands.
void World::arm() {
  dies_at_ = -1;
  if (lives_left_ <= 0) return;
  const uint64_t scale = 1ull << (2 + draw(12));
  dies_at_ = operations_ + 1 + static_cast<int64_t>(draw(scale));
  if (compares_decisions) awaits_calls_ = chance(0.5);
}

void World::operation() {
  if (compares_decisions || ++operations_ != dies_at_) return;
  --lives_left_;
  throw store::Crash{};
}

void World::before_event(patient::Engine& engine) {
  if (!compares_decisions || dies_at_ < 0 || ++operations_ < dies_at_) return;
  if (awaits_calls_ && !has_calls_in_flight(patient::EngineProbe::core(engine))) return;
  --lives_left_;
  if (lose_what_a_kill_loses(patient::EngineProbe::core(engine)) > 0) ++tally_.in_flight;
  foretold_ = foretold(engine);
  throw store::Crash{};
}

// A process of its own, so that asking its planner disturbs nothing; the next one begins after it.
void World::compare_decisions() {
  auto store = store::open_sqlite(disk_, "state.db");
  if (!store) return broken("the store does not open: " + store.error().message);
  store::Payloads payloads(disk_);
  if (auto s = payloads.prepare(); !s) return broken("payloads: " + s.error().message);
  {
    patient::Engine engine(*world_, **store, payloads, settings());
    if (auto s = begin(engine); !s) return broken("a process does not begin: " + s.error().message);
    const std::vector<std::string> now = foretold(engine);
    ++tally_.compared;
    const auto [was, is] = std::mismatch(foretold_.begin(), foretold_.end(), now.begin(), now.end());
    if (was != foretold_.end() || is != now.end())
      broken("after the kill at " + rfc3339(world_->now()) + " the planner decides otherwise: " +
             (was == foretold_.end() ? "nothing" : *was) + " became " + (is == now.end() ? "nothing" : *is));
    if (verbose && !broken_.empty()) {
      for (const auto& line : foretold_) std::printf("< %s\n", line.c_str());
      for (const auto& line : now) std::printf("> %s\n", line.c_str());
    }
  }
  world_->forget_everything();
}

Status World::begin(patient::Engine& engine) {
  CHECKED(engine.recover());
  for (const Order& order : orders_)
    if (order.accepted && !order.finished) CHECKED(engine.take_up(order.id));
  return {};
}

patient::Settings World::settings() {
  patient::Settings s;
  s.world = "seed";
  for (const char* provider : {"openai", "anthropic", "gemini"}) {
    patient::Account account;
    account.provider = provider;
    account.access.base_url = std::string("http://sim/") + provider + (provider[0] == 'o' ? "/v1" : "");
    account.access.key = "key";
    account.fingerprint = "k1";
    account.live_per_minute = scenario_.live_per_minute < 1000 ? scenario_.live_per_minute : 600;
    s.accounts.push_back(account);
  }
  s.batch_requests = 20;
  return s;
}

std::vector<std::string> World::live() {
  while (broken_.empty() && !all_done_ && world_->now() < start_of_world + life) {
    arm();
    try {
      if (Status s = run_process(); !s) broken("the process stopped: " + s.error().code + ": " + s.error().message);
    } catch (const store::Crash&) {
      ++tally_.restarts;
    }
    dies_at_ = -1;
    world_->forget_everything();
    if (!all_done_) {
      disk_.crash(draw(UINT64_MAX));
      if (compares_decisions && broken_.empty()) compare_decisions();
      if (chance(0.3)) {  // away for a while
        world_->at(world_->now() + minutes(static_cast<int64_t>(draw(400))), [] {});
        world_->step();
      }
    }
  }
  if (!broken_.empty()) return broken_;
  auto store = store::open_sqlite(disk_, "state.db");
  if (!store) {
    broken("the store does not open at the end: " + store.error().message);
  } else {
    check(**store);
  }
  tally_.end = world_->now();
  return broken_;
}

Status World::accept_orders(store::Store& store, store::Payloads& payloads) {
  for (Order& order : orders_) {
    if (order.accepted || order.given > world_->now()) continue;
    Job job;
    job.input_name = order.path;
    job.world = "seed";
    job.accepted = world_->now();
    job.deadline = world_->now() + order.within;
    job.kept = order.kept;
    job.cap = order.cap;
    patient::TokenCounting counting({});
    patient::PromptTally tally(counting);
    patient::IntakeOptions options;
    options.see = [&](const patient::SeenRequest& request) { return tally.see(request); };
    const patient::Checked checked =
        TRY(patient::take_in(order.path, options, job, {world_->random() | 1}, "", store, payloads, false));
    CHECKED(patient::remember_marks(store, checked.id, patient::plan_marks(tally, world_->now())));
    order.id = checked.id;
    order.accepted = true;
  }
  return {};
}

// Now and then somebody changes their mind.
void World::say_words(patient::Engine& engine) {
  if (word_left_ == 0 || !chance(0.002)) return;
  const Order& order = orders_[draw(orders_.size())];
  if (!order.accepted || order.finished) return;
  --word_left_;
  store::Word word;
  word.job = order.id;
  const char* verbs[] = {"deadline", "promote", "pause", "cancel", "retry", "deadline"};
  word.verb = verbs[draw(std::size(verbs))];
  if (word.verb == "deadline") word.argument = rfc3339(world_->now() + minutes(static_cast<int64_t>(20 + draw(300))));
  if (auto s = engine.obey(word); !s && !engine.broken()) broken("a word was not obeyed: " + s.error().message);
  if (word.verb == "pause") {
    word.verb = "resume";
    if (auto s = engine.obey(word); !s && !engine.broken()) broken("a word was not obeyed: " + s.error().message);
  }
}

// Now and then less is wanted of a job than was asked for.
void World::cut_jobs(patient::Engine& engine) {
  if (cuts_left_ == 0 || !chance(0.005)) return;
  const Order& order = orders_[draw(orders_.size())];
  if (!order.accepted || order.finished) return;
  --cuts_left_;
  const auto from = static_cast<int64_t>(draw(static_cast<uint64_t>(order.requests)));
  const IndexRange part{from, std::min(from + static_cast<int64_t>(draw(static_cast<uint64_t>(order.requests))), order.requests - 1)};
  IndexRanges places;
  places.add(part);
  if (auto s = engine.obey({0, order.id, "cancel", places.text()}); !s && !engine.broken())
    broken("a part was not cancelled: " + s.error().message);
  for (int64_t i = part.from; i <= part.to; ++i)
    if (cut_.try_emplace({order.id, i}, world_->now()).second) ++tally_.cut;
}

// Somebody else with the same key clears up: what a batch names may be gone before the batch is done.
void World::delete_contents() {
  const auto ask = [&](const std::string& method, const std::string& path) {
    wire::HttpCall call;
    call.method = method;
    call.url = "http://sim/gemini/v1beta/" + path;
    call.headers = {{"x-goog-api-key", "key"}};
    const sim::Answer answer = providers_->handle(call, world_->now());
    const auto text = answer.reply.body.text();
    return text ? wire::parse_json(*text).value_or(wire::Json()) : wire::Json();
  };
  const wire::Json listed = ask("GET", "cachedContents");
  const wire::Json* contents = wire::find(listed, "cachedContents");
  if (contents == nullptr) return;
  stranger_ = false;  // once
  for (const wire::Json& content : *contents) {
    const std::string name(wire::string_at(content, "name"));
    ask("DELETE", name);
    deleted_.insert(name);
    ++tally_.deleted_contents;
  }
}

Status World::run_process() {
  auto store = TRY(store::open_sqlite(disk_, "state.db"));
  store::Payloads payloads(disk_);
  CHECKED(payloads.prepare());
  patient::Engine engine(*world_, *store, payloads, settings(), [&](const patient::Notice& n) {
    if (verbose) std::printf("%s %s\n", rfc3339(n.at).c_str(), n.text.c_str());
  });
  CHECKED(begin(engine));
  for (;;) {
    for (const Order& order : orders_)
      if (!order.accepted && order.given <= world_->now()) {
        CHECKED(accept_orders(*store, payloads));
        for (const Order& o : orders_)
          if (o.accepted && !o.finished) CHECKED(engine.take_up(o.id));
        break;
      }
    if (auto e = engine.broken()) return fail(*e);
    say_words(engine);
    cut_jobs(engine);
    if (stranger_ && chance(0.02)) delete_contents();
    bool done = true;
    for (Order& order : orders_) {
      order.finished = order.accepted && engine.finished(order.id);
      done = done && order.finished;
    }
    if (done && engine.quiet()) {
      all_done_ = true;
      return {};
    }
    if (world_->now() >= start_of_world + life) return {};
    Time next = start_of_world + life;
    for (const Order& order : orders_)
      if (!order.accepted) next = std::min(next, order.given);
    before_event(engine);
    if (auto at = world_->next_at(); at && *at <= next) {
      world_->step();
    } else {
      world_->at(std::max(next, world_->now()), [] {});
      world_->step();
    }
  }
}

void World::check(store::Store& store) {
  std::vector<Job> jobs;
  for (const Order& order : orders_) {
    if (!order.accepted) continue;
    auto job = store.job(order.id);
    if (!job || !*job) {
      broken("an accepted job is lost: " + order.id.hex());
      continue;
    }
    if ((*job)->requests != order.requests) broken("a job has lost requests");
    jobs.push_back(**job);
  }
  const Laws laws{store, *providers_, deleted_, cut_, all_done_, world_->now()};
  for (std::string& law : laws.broken_by(jobs, tally_)) broken(std::move(law));
}

}  // namespace twolane::seeded
