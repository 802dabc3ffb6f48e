#include "seeded_world.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "foretold.h"
#include "patient/cache_marks.h"
#include "patient/intake.h"
#include "price/price.h"
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

std::string World::make_lines(int n, int order) {
  std::string text;
  std::vector<Sold> used;
  for (int i = 0; i < 1 + static_cast<int>(draw(3)); ++i) used.push_back(sold[draw(std::size(sold))]);
  for (int i = 0; i < n; ++i) {
    const Sold& s = used[draw(used.size())];
    const std::string words = "ticket " + std::to_string(order) + "-" + std::to_string(i) + " about a card";
    wire::Json line = {{"custom_id", "r" + std::to_string(i)}, {"method", "POST"}};
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

// ---------------------------------------------------------------- the laws

void World::check(store::Store& store) {
  std::vector<Job> jobs;
  for (Order& order : orders_) {
    if (!order.accepted) continue;
    auto job = store.job(order.id);
    if (!job || !*job) {
      broken("an accepted job is lost: " + order.id.hex());
      continue;
    }
    if ((*job)->requests != order.requests) broken("a job has lost requests");
    jobs.push_back(**job);
    check_requests(store, **job);
  }
  check_ledger(store, jobs);
}

void World::check_requests(store::Store& store, const Job& job) {
  std::array<int64_t, request_state_count> counts{};
  int64_t expected = 0, from = 0;
  for (;;) {
    auto rows = store.outcomes(job.id, from, 1000);
    if (!rows) return broken("outcomes cannot be read: " + rows.error().message);
    if (rows->empty()) break;
    for (const store::OutcomeRow& row : *rows) {
      if (row.index != expected++) broken("request " + std::to_string(expected - 1) + " has no row");
      ++counts[static_cast<size_t>(row.state)];
      if (row.state == RequestState::succeeded && row.result.length == 0) broken("an answer without bytes");
    }
    from = rows->back().index + 1;
  }
  if (expected != job.requests) broken("requests are missing: " + std::to_string(expected));
  if (counts != job.totals.requests) broken("counts shown are not the counts of the rows");
  tally_.requests += static_cast<int>(expected);
  tally_.answered += static_cast<int>(job.totals.of(RequestState::succeeded));
  tally_.failed += static_cast<int>(job.totals.of(RequestState::failed));
  const bool capped = job.trouble.find("money.cap") != std::string::npos;
  if (job.totals.unfinished() > 0) {
    ++tally_.unfinished_jobs;
    if (all_done_ && !capped) broken("a finished job has unfinished requests");
    if (!all_done_ && !capped) broken("a job was not finished within seven days: " + job.id.hex());
  }
  if (job.cap && job.totals.cost + job.totals.unconfirmed > *job.cap) broken("the cap was exceeded");
}

// Every booked entry is one charge of the provider; every charge is booked, or covered by an attempt
// that is shown as unconfirmed.
void World::check_ledger(store::Store& store, const std::vector<Job>& jobs) {
  Charges charges;
  std::map<std::string, std::string> batch_of;     // custom_id -> provider batch
  // Later than any cached content can last: what was left behind has its fee by then.
  const Time at = all_done_ ? world_->now() + hours(40) : world_->now();
  providers_->each_charge(at, [&](const sim::LedgerLine& line) {
    ++tally_.charges;
    if (!charges.emplace(line.provider + " " + line.response_id, line).second)
      broken("the simulator charged " + line.response_id + " twice");
    if (line.custom_id.empty()) return;
    auto [other, fresh] = batch_of.emplace(line.provider + " " + line.custom_id, line.batch);
    if (!fresh && other->second != line.batch)
      broken("request " + line.custom_id + " was submitted twice: " + other->second + " and " + line.batch);
  });

  std::set<std::string> uncovered;
  for (const auto& [id, line] : charges) uncovered.insert(id);
  std::map<std::string, PicoUsd> unconfirmed_by_custom_id;
  PicoUsd unconfirmed_live, unheard_live;
  std::vector<CachedContent> contents;
  for (const Job& job : jobs) {
    Totals sums;
    sums.requests = job.totals.requests;
    std::map<int64_t, int> kept;
    std::map<BatchId, Batch> batches;
    auto theirs = store.batches_of(job.id);
    if (!theirs) return broken("batches cannot be read");
    for (Batch& b : *theirs) batches.emplace(b.id, std::move(b));
    for (int64_t from = 0;;) {
      auto some = store.ledger(job.id, from, 1000);
      if (!some) return broken("the ledger cannot be read: " + some.error().message);
      if (some->empty()) break;
      from += static_cast<int64_t>(some->size());
      for (const Attempt& a : *some) {
        const Batch& batch = batches.at(a.key.batch);
        const std::string custom_id = dialect::custom_id_of(batch.id.hex(), a.key.position);
        if (a.state == AttemptState::answered) ++kept[a.index];
        if (a.charged) {
          sums.cost += a.cost;
          if (a.state != AttemptState::answered) {
            sums.paid_twice += a.cost;
            ++tally_.paid_twice;
          }
          const std::string id = batch.provider + " " + a.response_id;
          auto charge = charges.find(id);
          if (charge == charges.end()) {
            broken("booked, but never charged: " + id);
            continue;
          }
          if (uncovered.erase(id) == 0) broken("booked twice: " + id);
          if (PicoUsd{charge->second.pico_usd} != a.cost)
            broken("booked " + exact_usd(a.cost) + ", charged " + charge->second.usd + " for " + id + " " +
                   charge->second.model + " " + charge->second.tier + " " + charge->second.usage);
          if (batch.tier == ServiceTier::batch && charge->second.custom_id != custom_id)
            broken("a stranger's result was taken: " + charge->second.custom_id + " for " + custom_id);
        } else if (a.state == AttemptState::unconfirmed || a.state == AttemptState::running) {
          (a.state == AttemptState::running ? sums.reserved : sums.unconfirmed) += a.reserve;
          if (batch.tier == ServiceTier::batch) {
            unconfirmed_by_custom_id[batch.provider + " " + custom_id] = a.reserve;
          } else {
            unconfirmed_live += a.reserve;
          }
        }
      }
    }
    auto kept_contents = store.contents_of(job.id);
    if (!kept_contents) return broken("cached contents cannot be read");
    for (CachedContent& c : *kept_contents) {
      sums.cost += c.cost;
      sums.storage += c.cost;
      if (!is_final(c.state)) sums.reserved += c.reserve;
      if (c.state == ContentState::unconfirmed) sums.unconfirmed += c.reserve;
      contents.push_back(std::move(c));
    }
    for (const auto& [index, n] : kept)
      if (n != 1) broken("request " + std::to_string(index) + " has " + std::to_string(n) + " kept answers");
    if (static_cast<int64_t>(kept.size()) != job.totals.of(RequestState::succeeded))
      broken("answers kept are not the requests that succeeded");
    if (sums.cost != job.totals.cost) broken("the cost shown is not the sum of the ledger");
    if (sums.storage != job.totals.storage) broken("the storage shown is not the sum of its contents");
    if (sums.paid_twice != job.totals.paid_twice) broken("what was paid twice is not the sum of its lines");
    if (sums.unconfirmed != job.totals.unconfirmed) broken("what is unconfirmed is not the sum of its lines");
    if (sums.reserved != job.totals.reserved) broken("what is reserved is not the sum of its lines");
    tally_.batches += static_cast<int>(batches.size());
  }

  check_storage(contents, charges, uncovered);
  for (const std::string& id : uncovered) {
    ++tally_.unheard;
    const sim::LedgerLine& line = charges.at(id);
    if (line.tier == "storage") {
      broken("a content was kept, its fee never booked, and not shown as unconfirmed: " + id);
      continue;
    }
    if (line.custom_id.empty()) {
      unheard_live += PicoUsd{line.pico_usd};
      continue;
    }
    auto cover = unconfirmed_by_custom_id.find(line.provider + " " + line.custom_id);
    if (cover == unconfirmed_by_custom_id.end()) {
      broken("charged, never booked, and not shown as unconfirmed: " + id + " for " + line.custom_id);
    } else if (cover->second < PicoUsd{line.pico_usd}) {
      broken("an unconfirmed attempt is bounded below its charge: " + id);
    }
  }
  if (unheard_live > unconfirmed_live) broken("live charges that were never heard exceed what is unconfirmed");
}

// Every fee is booked under its content's name with its amount, or below what a content whose end nobody
// heard may cost. Fees that are covered leave `uncovered`.
void World::check_storage(const std::vector<CachedContent>& contents, const Charges& charges,
                          std::set<std::string>& uncovered) {
  std::vector<const CachedContent*> open;
  for (const CachedContent& c : contents) {
    ++tally_.contents;
    if (all_done_ && !is_final(c.state)) broken("a content is kept for nobody: " + c.name);
    if (c.state != ContentState::billed) {
      if (c.state != ContentState::absent) open.push_back(&c);
      continue;
    }
    const auto charge = charges.find("gemini " + c.name);
    if (charge == charges.end() || uncovered.erase(charge->first) == 0) {
      broken("a fee was booked, but never charged: " + c.name);
    } else if (deleted_.contains(c.name) && PicoUsd{charge->second.pico_usd} < c.cost) {
      // Between the move of its expiry and that expiry, which nobody could hear.
    } else if (PicoUsd{charge->second.pico_usd} != c.cost) {
      broken("booked " + exact_usd(c.cost) + ", charged " + charge->second.usd + " for " + c.name);
    }
  }
  for (const CachedContent* c : open) {
    const auto covers = [&](const std::string& id) {
      const sim::LedgerLine& line = charges.at(id);
      return line.tier == "storage" && (c->name.empty() || line.response_id == c->name) &&
             PicoUsd{line.pico_usd} <= c->reserve;
    };
    const auto found = std::find_if(uncovered.begin(), uncovered.end(), covers);
    if (found != uncovered.end()) uncovered.erase(found);
  }
}

}  // namespace twolane::seeded
