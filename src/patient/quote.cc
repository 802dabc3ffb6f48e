// Costs of a lane: tokens of each price band at its rates, plus what caching adds or takes off.
#include "patient/quote.h"

#include <algorithm>

#include "patient/quote_prefix.h"
#include "price/price.h"

namespace twolane::patient {
namespace {

using PerModel = PromptTally::PerModel;

constexpr int64_t whole = 1000;
constexpr size_t tier_index(ServiceTier t) { return static_cast<size_t>(t); }

// Tokens of one model with their uncertainty.
struct Amounts {
  int64_t input_thousandths = whole;  // of what was counted or estimated
  int64_t output = 0;
};

class Choice {
 public:
  Choice(const PromptTally& tally, int number, TokenCounting& counting, const LearnedOf& learned,
         const QuoteQuestion& question)
      : question_(question), prefixes_(tally, counting, question) {
    for (size_t i = 0; i < tally.models().size(); ++i) {
      const PerModel& m = tally.models()[i];
      if (m.choice != number) continue;
      parts_.push_back({&m, static_cast<int>(i), learned(m.target), 0});
    }
  }

  Result<QuotedChoice> quote() {
    sum_up();
    guess_output();
    out_.input_tokens += answers_in(out_.answers, out_.output.expected);
    if (out_.answers > 0) out_.exact = false;
    for (const Part& p : parts_) CHECKED(prefixes_.look(p.model->target, p.index, p.error));
    out_.prefix = prefixes_.quoted();
    for (const auto kind : {QuotedLane::Kind::kept, QuotedLane::Kind::batch, QuotedLane::Kind::flex,
                            QuotedLane::Kind::cached, QuotedLane::Kind::standard})
      add_lane(kind);
    decide();
    return std::move(out_);
  }

 private:
  struct Part {
    const PerModel* model = nullptr;
    int index = 0;
    price::tokens::Correction learned;
    int64_t error = 0;  // thousandths
  };

  void sum_up() {
    out_.exact = true;
    __int128 uncertain = 0;
    for (Part& p : parts_) {
      const PerModel& m = *p.model;
      out_.targets.push_back(m.target);
      out_.requests += m.requests;
      const int64_t tokens = corrected(p, m.tokens);
      out_.input_tokens += tokens;
      out_.media += m.media;
      out_.marked += m.marked;
      out_.answers += m.answers;
      if (!m.exact) {
        out_.exact = false;
        const auto family = price::tokens::family_of(m.target.model);
        p.error = p.learned.error(error_thousandths(family, m.features));
        uncertain += static_cast<__int128>(tokens) * p.error;
      }
    }
    if (out_.input_tokens > 0)
      out_.error_thousandths = static_cast<int64_t>(uncertain / out_.input_tokens);
  }

  static int64_t corrected(const Part& p, int64_t tokens) {
    return p.model->exact ? tokens : p.learned.corrected(tokens);
  }

  // Without a word of the user's or earlier answers: a quarter of the limit, 400 tokens at most,
  // since limits are set to be far away.
  void guess_output() {
    auto& o = out_.output;
    int64_t each = question_.output_tokens;
    out_.output_from = "--output-tokens";
    if (each == 0 && question_.output_seen) {
      each = std::max<int64_t>(*question_.output_seen, 1);
      out_.output_from = "earlier answers";
    }
    for (const Part& p : parts_) o.limit += p.model->output_limit;
    if (each == 0) {
      out_.output_from = "assumed";
      const int64_t mean = out_.requests > 0 ? o.limit / out_.requests : 0;
      each = std::min<int64_t>((mean + 3) / 4, 400);
    }
    o.expected = std::min(each * out_.requests, o.limit);
    o.low = out_.output_from == "assumed" ? o.expected / 4 : o.expected / 2;
  }

  // The part's share of an output of all parts, by its share of the limit.
  int64_t output_of(const Part& p, int64_t all) const {
    if (out_.output.limit <= 0) return 0;
    return static_cast<int64_t>(static_cast<__int128>(all) * p.model->output_limit /
                                out_.output.limit);
  }

  // Tokens of so many answers, where all of them together have `output`.
  int64_t answers_in(int64_t answers, int64_t output) const {
    if (out_.requests == 0) return 0;
    return static_cast<int64_t>(static_cast<__int128>(answers) * output / out_.requests);
  }

  Result<PicoUsd> part_cost(const Part& p, ServiceTier tier, const Amounts& a) const {
    PicoUsd sum;
    for (const PerModel::Band& band : p.model->bands) {
      if (band.requests == 0) continue;
      Usage usage;
      usage.fresh = static_cast<int64_t>(static_cast<__int128>(corrected(p, band.tokens)) *
                                         a.input_thousandths / whole);
      usage.fresh += answers_in(p.model->answers, a.output) * band.requests / p.model->requests;
      usage.output = static_cast<int64_t>(static_cast<__int128>(output_of(p, a.output)) *
                                          band.requests / p.model->requests);
      price::Conditions conditions;
      conditions.at = question_.now;
      conditions.prompt_tokens = band.above + 1;
      sum += TRY(price::charge(p.model->target, tier, usage, conditions));
    }
    return sum;
  }

  Result<Figures> tier_cost(ServiceTier tier) const {
    Figures f;
    for (const Part& p : parts_) {
      f.low += TRY(part_cost(p, tier, {whole - p.error, out_.output.low}));
      f.expected += TRY(part_cost(p, tier, {whole, out_.output.expected}));
      f.high += TRY(part_cost(p, tier, {whole + p.error, out_.output.limit}));
    }
    return f;
  }

  std::optional<Figures> cost_on(ServiceTier tier, bool asked, std::string& why,
                                 bool ours = true) const {
    for (const Part& p : parts_) {
      if (price::sold(p.model->target, tier) != price::Sold::no) continue;
      const auto* reason = price::book().find_not_sold(p.model->target.provider, tier);
      why = reason ? reason->why : "not sold";
      return std::nullopt;
    }
    const auto cost = tier_cost(tier);
    if (!cost) {
      why = "not published";
      return std::nullopt;
    }
    return prefixes_.caches(tier, asked, ours) ? prefixes_.with_caching(*cost, tier) : *cost;
  }

  double drained_in_time(int64_t requests) const {
    if (question_.deadline.ms <= 0) return 1;
    const double minutes = static_cast<double>(question_.deadline.ms) / 60'000;
    const double done = minutes * question_.live_per_minute;
    return std::min(1.0, done / static_cast<double>(std::max<int64_t>(requests, 1)));
  }

  void add_lane(QuotedLane::Kind kind) {
    using Kind = QuotedLane::Kind;
    QuotedLane lane;
    lane.kind = kind;
    switch (kind) {
      case Kind::kept:
        if (!question_.kept) return;
        keep(lane);
        break;
      case Kind::batch:
        lane.cost = cost_on(ServiceTier::batch, question_.mark_caches, lane.why);
        lane.on_time = 1 - question_.batch_late;
        break;
      case Kind::flex:
        lane.cost = cost_on(ServiceTier::flex, question_.mark_caches, lane.why);
        if (!lane.cost) return;
        lane.on_time = drained_in_time(out_.requests);
        break;
      case Kind::cached:
        if (!prefixes_.caches(ServiceTier::standard, true, false)) return;
        lane.cost = cost_on(ServiceTier::standard, true, lane.why, false);
        lane.on_time = drained_in_time(out_.requests);
        break;
      case Kind::standard: {
        const auto cost = tier_cost(ServiceTier::standard);
        if (cost)
          lane.cost = *cost;
        else
          lane.why = "not published";
        lane.on_time = drained_in_time(out_.requests);
      }
    }
    if (!lane.cost) lane.on_time.reset();
    out_.lanes.push_back(std::move(lane));
  }

  // Batches, and what they do not finish in time at the standard rate; at worst all of it.
  void keep(QuotedLane& lane) const {
    const auto batch = cost_on(ServiceTier::batch, question_.mark_caches, lane.why);
    const auto list = tier_cost(ServiceTier::standard);
    if (!batch || !list) {
      if (lane.why.empty()) lane.why = "not published";
      return;
    }
    const auto late = static_cast<int64_t>(question_.batch_late * whole);
    const __int128 more =
        std::max<__int128>(list->expected.n - batch->expected.n, 0) * late / whole;
    lane.cost =
        Figures{batch->low, batch->expected + PicoUsd{more}, std::max(list->high, batch->high)};
    const auto promoted =
        static_cast<int64_t>(question_.batch_late * static_cast<double>(out_.requests));
    lane.on_time = drained_in_time(out_.requests) >= 1 ? 0.995 : drained_in_time(promoted) * 0.99;
  }

  void decide() {
    unsigned sold = 0;
    std::array<PicoUsd, 5> costs{};
    std::string why;
    for (const ServiceTier tier :
         {ServiceTier::standard, ServiceTier::batch, ServiceTier::flex, ServiceTier::priority}) {
      const auto cost = cost_on(tier, question_.mark_caches, why);
      if (!cost) continue;
      sold |= 1u << tier_index(tier);
      costs[tier_index(tier)] = cost->expected;
    }
    const auto* synchronous = out_.lane(QuotedLane::Kind::cached);
    if (!synchronous) synchronous = out_.lane(QuotedLane::Kind::standard);
    const price::Patience patience{question_.deadline, question_.critical};
    if (!synchronous || !synchronous->cost) {
      out_.verdict = price::verdict(patience, sold);
      return;
    }
    out_.synchronous = synchronous->cost->expected;
    out_.verdict = price::verdict(patience, sold, costs, out_.synchronous, question_.worth);
    prefer_cached_flex(costs, sold);
    if (out_.verdict.tier == ServiceTier::standard) return;
    const bool keeps = out_.verdict.tier == ServiceTier::batch && question_.kept;
    const auto* lane = keeps ? out_.lane(QuotedLane::Kind::kept) : nullptr;
    out_.saving = out_.synchronous - (lane && lane->cost ? lane->cost->expected
                                                         : costs[tier_index(out_.verdict.tier)]);
  }

  // Flex calls hit caches more often than batches, so that with a long prefix they may cost less.
  void prefer_cached_flex(const std::array<PicoUsd, 5>& costs, unsigned sold) {
    const bool rule_said_batch =
        out_.verdict.rule == price::Rule::today || out_.verdict.rule == price::Rule::not_worth_it;
    const auto* flex = out_.lane(QuotedLane::Kind::flex);
    if (!rule_said_batch || !flex || !flex->on_time || *flex->on_time < 1) return;
    const PicoUsd cost = costs[tier_index(ServiceTier::flex)];
    const bool batch_sold = ((sold >> tier_index(ServiceTier::batch)) & 1) != 0;
    if (batch_sold && costs[tier_index(ServiceTier::batch)] <= cost) return;
    const PicoUsd saving = out_.synchronous - cost;
    if (saving.n <= 0 || saving < question_.worth) return;
    out_.verdict = {price::Rule::soon, ServiceTier::flex, true,
                    "cached flex calls cost less than a batch; they spend live rate limits"};
  }

  const QuoteQuestion& question_;
  QuotedPrefixes prefixes_;
  std::vector<Part> parts_;
  QuotedChoice out_;
};

}  // namespace

std::string_view name_of(QuotedLane::Kind kind) {
  switch (kind) {
    case QuotedLane::Kind::kept:
      return "patient, kept";
    case QuotedLane::Kind::batch:
      return "batch, best effort";
    case QuotedLane::Kind::flex:
      return "flex";
    case QuotedLane::Kind::cached:
      return "standard with caching";
    case QuotedLane::Kind::standard:
      break;
  }
  return "standard (list)";
}

const QuotedLane* QuotedChoice::lane(QuotedLane::Kind kind) const {
  for (const auto& l : lanes)
    if (l.kind == kind) return &l;
  return nullptr;
}

Result<std::vector<QuotedChoice>> quote(const PromptTally& tally, TokenCounting& counting,
                                        const LearnedOf& learned, const QuoteQuestion& question) {
  std::vector<QuotedChoice> choices;
  for (int i = 0; i < tally.choices(); ++i)
    choices.push_back(TRY(Choice(tally, i, counting, learned, question).quote()));
  return choices;
}

Result<PicoUsd> cap_of(const QuotedChoice& choice, bool kept) {
  const auto* lane = choice.lane(kept ? QuotedLane::Kind::kept : QuotedLane::Kind::batch);
  if (lane && lane->cost) return lane->cost->high;
  Error e = price::unknown_price(choice.targets.front(), ServiceTier::batch);
  e.where.field = "--max-cost quote";
  e.next = {"give an amount: --max-cost 5.00", "name a model whose price is known"};
  return fail(std::move(e));
}

}  // namespace twolane::patient
