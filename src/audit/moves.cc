// First the tier, by the table; then what a person has to know before making the change.
#include "audit/moves.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>

#include "price/price.h"

namespace twolane::audit {
namespace {

constexpr Duration most_patience = hours(24);

// The cell with most input: the model that the caller mainly uses.
const PriceCell* main_cell(const Profile& p) {
  const PriceCell* best = nullptr;
  for (const PriceCell& c : p.cells)
    if (c.priced && (best == nullptr || best->usage.input() + best->usage.output < c.usage.input() + c.usage.output)) best = &c;
  return best;
}

int64_t models_of(const Profile& p) {
  std::set<const price::Model*> models;
  for (const PriceCell& c : p.cells) models.insert(c.model);
  return static_cast<int64_t>(models.size());
}

bool is_plain(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

// Control characters, which neither TOML nor a shell takes, become spaces.
std::string quoted(std::string_view name, char quote, std::string_view escaped_quote) {
  std::string out(1, quote);
  for (const char c : name) {
    if (c == quote) out += escaped_quote;
    else if (c == '\\' && quote == '"') out += "\\\\";
    else out += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c;
  }
  return out + quote;
}
std::string toml_text(std::string_view name) { return quoted(name, '"', "\\\""); }
std::string toml_key(std::string_view name) { return is_plain(name) ? std::string(name) : toml_text(name); }
std::string shell_word(std::string_view name) {
  return is_plain(name) ? std::string(name) : quoted(name, '\'', "'\\''");
}

// The route's name is a model's for whoever asks for it: not that of a real one or of a route that the
// log names, which others mean, and not that of another move's.
std::string route_name(const CallerName& n, std::set<std::string>& taken) {
  std::string base = !n.route.empty() ? n.route : !n.key.empty() ? n.key : "background";
  const auto is_a_model = [&base](const price::Model& m) { return price::book().find(m.provider, base) != nullptr; };
  if (!n.route.empty() || std::ranges::any_of(price::book().models(), is_a_model)) base += "-patient";
  std::string name = base;
  for (int i = 2; !taken.insert(name).second; ++i) name = base + '-' + std::to_string(i);
  return name;
}

// A route that leads to the model that the caller mainly uses and waits by itself; empty where this
// program could not follow it.
std::string snippet_of(const CallerName& n, const Move& m, const PriceCell* main, std::set<std::string>& taken) {
  if (main == nullptr || !is_driven(main->model->provider)) return {};
  std::string text = "[routes." + toml_key(route_name(n, taken)) + "]\ntargets = [" +
                     toml_text(main->model->provider + '/' + main->model->name) + "]\n";
  text += m.tier == ServiceTier::flex ? "tier = \"flex\"\n" : "lane = \"patient\"\n";
  return text + "deadline = \"" + span_text(m.deadline) + "\"\n";
}

std::string percent_of(int64_t part, int64_t whole) {
  return std::to_string(whole > 0 ? part * 100 / whole : 0) + " %";
}

void what_to_check(Move& m, const Caller& c, const Prices& prices) {
  const Finding& f = c.finding;
  const Profile& p = c.profile;
  if (!f.overruled && m.confidence < 990)
    m.check_first.push_back("with whoever owns it that nobody waits (confidence " + std::to_string(m.confidence / 10) + " %)");
  if (f.overruled) m.check_first.push_back("a person said that it can wait; the log was not asked");
  if (m.tier == ServiceTier::batch && f.tolerates < most_patience)
    m.check_first.push_back("a batch may take 24 h and the answers are needed within " + spoken(f.tolerates) +
                            ": give the deadline, so that what would be late is promoted");
  if (f.chained) m.check_first.push_back("its calls feed each other: every step may take minutes, so a chain of ten may take an hour");
  if (p.name.streaming.value_or(false)) m.check_first.push_back("it asks for streams: a patient answer comes whole");
  const int64_t cached = p.usage.cache_read, input = p.usage.input();
  if (input > 0 && cached * 10 >= input * 5)
    m.check_first.push_back("caching already serves " + percent_of(cached, input) + " of its input: the discount is on what is left");
  const Priced& flex = prices.of(Line::flex);
  if (m.tier == ServiceTier::batch && flex.cost && *flex.cost < m.then)
    m.check_first.push_back("flex would cost " + shown_usd(*flex.cost, 2, Round::half_even) + " USD, less than a batch: its cache keeps working there");
  if (f.schedule.every == Schedule::Every::day)
    m.check_first.push_back("it starts at a fixed hour: starting it earlier gives batches more time");
  if (models_of(p) > 1)
    m.check_first.push_back("it calls " + std::to_string(models_of(p)) + " models: the route is for the one it mainly uses, the others need one each");
  if (p.name.key.empty() && p.name.route.empty())
    m.check_first.push_back("neither key nor route is in the log: find out who calls, and give it a key of its own");
}

void what_is_lost(Move& m, const PriceCell* main) {
  if (m.tier == ServiceTier::batch) {
    m.lost.emplace_back("answers come together, minutes to hours later, and never as streams");
    if (main != nullptr && main->read > 0 && m.line == Line::batch)
      m.lost.emplace_back("prompt caching: hits inside a batch are not promised here and not counted");
    if (main != nullptr && m.line == Line::batch_cached && main->read > 0)
      m.lost.emplace_back("some cache hits: inside a batch they are best effort");
  } else {
    m.lost.emplace_back("speed: flex answers in minutes, and refuses (unbilled) when capacity is short");
  }
}

unsigned sold_for(const Prices& prices) {
  unsigned sold = 1u << static_cast<int>(ServiceTier::standard);
  if (prices.of(Line::batch).cost) sold |= 1u << static_cast<int>(ServiceTier::batch);
  if (prices.of(Line::flex).cost) sold |= 1u << static_cast<int>(ServiceTier::flex);
  return sold;
}

Line line_of(ServiceTier tier, const Prices& prices) {
  if (tier == ServiceTier::flex) return Line::flex;
  return prices.of(Line::batch_cached).cost && *prices.of(Line::batch_cached).cost < *prices.of(Line::batch).cost
             ? Line::batch_cached
             : Line::batch;
}

std::string why_not(const Caller& c, const Prices& prices, const price::Verdict& verdict) {
  if (!prices.of(Line::as_is).cost || c.profile.cells.empty()) return "no price is known for it";
  if (verdict.rule == price::Rule::not_worth_it) return "the saving is not worth the change";
  if (c.finding.verdict == Verdict::can_wait_minutes && !prices.of(Line::flex).cost)
    return prices.of(Line::flex).why + "; " + spoken(c.finding.tolerates) + " is too short for a batch. If a quarter of an hour will do, overrule it";
  return !prices.of(Line::batch).why.empty() ? prices.of(Line::batch).why : "nothing cheaper is sold for it";
}

}  // namespace

bool is_driven(std::string_view provider) {
  constexpr std::string_view driven[] = {"openai", "anthropic", "gemini"};
  return std::ranges::find(driven, provider) != std::end(driven);
}

std::string span_text(Duration d) {
  const int64_t m = d.ms / 60'000;
  if (m >= 60 && m % 60 == 0) return std::to_string(m / 60) + 'h';
  if (m > 180) return std::to_string(m / 60) + 'h';
  return std::to_string(std::max<int64_t>(m, 1)) + 'm';
}

Plan plan_moves(const std::vector<Caller>& callers, const std::vector<Prices>& prices, PicoUsd worth) {
  Plan plan;
  for (size_t i = 0; i < callers.size(); ++i) {
    const Caller& c = callers[i];
    if (!can_wait(c.finding.verdict)) continue;
    const Prices& lines = prices[i];
    const PicoUsd now = c.profile.spend;
    std::array<PicoUsd, price::tier_count> cost{};
    cost.fill(now);
    for (const ServiceTier tier : {ServiceTier::batch, ServiceTier::flex})
      if (const Line line = tier == ServiceTier::flex ? Line::flex : Line::batch; lines.of(line).cost)
        cost[static_cast<size_t>(tier)] = *lines.of(line_of(tier, lines)).cost;
    const price::Patience patience{.deadline = std::min(c.finding.tolerates, most_patience), .critical = false};
    const auto verdict = price::verdict(patience, sold_for(lines), cost, now, worth);
    if (verdict.tier != ServiceTier::batch && verdict.tier != ServiceTier::flex) {
      plan.stays.push_back({i, why_not(c, lines, verdict)});
      continue;
    }
    Move m;
    m.caller = i, m.tier = verdict.tier, m.line = line_of(verdict.tier, lines), m.deadline = patience.deadline;
    const Priced& there = lines.of(m.line);
    m.now = now, m.then = *there.cost;
    m.low = now - there.high, m.high = now - there.low;
    m.confidence = c.finding.confidence;
    m.rule = verdict.words;
    const PriceCell* main = main_cell(c.profile);
    if (main != nullptr) m.provider = main->model->provider;
    if (main != nullptr && main->model->stacking >= 0)
      m.provider_rule = price::book().stackings()[static_cast<size_t>(main->model->stacking)].note;
    m.header = "Twolane-Deadline: " + span_text(m.deadline);
    if (!c.profile.name.key.empty())
      m.command = "twolane keys create " + shell_word(c.profile.name.key) + " --lane patient --deadline " + span_text(m.deadline);
    what_to_check(m, c, lines);
    what_is_lost(m, main);
    plan.moves.push_back(std::move(m));
  }
  std::ranges::stable_sort(plan.moves, std::ranges::greater{}, [](const Move& m) { return m.saving(); });
  std::set<std::string> names;
  for (Move& m : plan.moves) {
    const Profile& p = callers[m.caller].profile;
    m.snippet = snippet_of(p.name, m, main_cell(p), names);
  }
  return plan;
}

}  // namespace twolane::audit
