// Costs of a lane: tokens of each price band at its rates, plus what caching adds or takes off.
#include "patient/quote.h"

#include <algorithm>

#include "dialect/catalogue.h"
#include "plan/completion_times.h"
#include "price/price.h"

namespace twolane::patient {
namespace {

using price::CacheWay;
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
      : tally_(tally), counting_(counting), question_(question) {
    for (size_t i = 0; i < tally.models().size(); ++i) {
      const PerModel& m = tally.models()[i];
      if (m.choice != number) continue;
      parts_.push_back({&m, static_cast<int>(i), learned(m.target), 0});
    }
  }

  Result<QuotedChoice> quote() {
    sum_up();
    guess_output();
    CHECKED(look_at_prefixes());
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

  Result<PicoUsd> part_cost(const Part& p, ServiceTier tier, const Amounts& a) const {
    PicoUsd sum;
    for (const PerModel::Band& band : p.model->bands) {
      if (band.requests == 0) continue;
      Usage usage;
      usage.fresh = static_cast<int64_t>(static_cast<__int128>(corrected(p, band.tokens)) *
                                         a.input_thousandths / whole);
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

  // Marks and contents hold tools and system prompt only, so that for them the heads count; everything
  // else finds what requests begin with wherever it ends.
  Status look_at_prefixes() {
    for (const Part& p : parts_) {
      const Target& target = p.model->target;
      const auto* model = price::book().find(target.provider, target.model);
      const CacheWay way = model ? price::way_of(*model) : CacheWay::none;
      for (const auto& prefix : tally_.prefixes()) {
        if (index_in(prefix.models, p) < 0 || prefix.requests < 2) continue;
        const int64_t tokens = TRY(counting_.count_text(target, prefix.text));
        if (way == CacheWay::marked || way == CacheWay::explicit_)
          within_messages(*model, tokens);
        else
          look_at(p, model, way, prefix.requests, tokens);
      }
      if (way == CacheWay::explicit_ || (way == CacheWay::marked && !look_at_heads(p, *model, way, true)))
        look_at_heads(p, *model, way, false);
    }
    return {};
  }

  // False where none of them can be cached.
  bool look_at_heads(const Part& p, const price::Model& model, CacheWay way, bool in_message) {
    const int64_t before = out_.prefix.requests;
    for (const auto& head : tally_.heads())
      if (const int i = index_in(head.models, p);
          i >= 0 && head.requests > 1 && head.in_message == in_message)
        look_at(p, &model, way, head.requests, head.tokens[static_cast<size_t>(i)]);
    return out_.prefix.requests > before;
  }

  static int index_in(const std::vector<int>& models, const Part& p) {
    const auto found = std::find(models.begin(), models.end(), p.index);
    return found == models.end() ? -1 : static_cast<int>(found - models.begin());
  }

  void within_messages(const price::Model& model, int64_t tokens) {
    QuotedPrefix& q = out_.prefix;
    if (tokens <= q.tokens) return;
    q.tokens = tokens;
    q.minimum = model.caching.minimum;
  }

  void look_at(const Part& p, const price::Model* model, CacheWay way, int64_t requests,
               int64_t tokens) {
    QuotedPrefix& q = out_.prefix;
    if (tokens > q.tokens) {
      q.tokens = tokens;
      q.minimum = model ? model->caching.minimum : -1;
    }
    if (!model || model->caching.minimum < 0 || way == CacheWay::none) return;
    const int64_t cacheable = price::cacheable(model->caching, tokens);
    if (cacheable == 0) return;
    q.requests += requests;
    if (cacheable > q.cacheable) {
      q.cacheable = cacheable;
      q.way = way;
    }
    for (const ServiceTier tier : {ServiceTier::standard, ServiceTier::batch, ServiceTier::flex})
      add_caching(tier, way, *model, {requests, cacheable, {}, {}}, p.error);
  }

  // Low and high figures go with the input's: fewer tokens and many hits, more tokens and few.
  void add_caching(ServiceTier tier, CacheWay way, const price::Model& model, price::PrefixUse use,
                   int64_t error) {
    const auto rates = price::rates({model.provider, model.name}, tier, use.tokens, conditions());
    if (!rates) return;
    if (way == CacheWay::explicit_) {
      use.kept = tier == ServiceTier::batch ? plan::CompletionTimes().quantile(usual_share) : hours(1);
      use.storage = model.caching.storage[tier_index(tier)];
      if (!use.storage) use.storage = model.caching.storage[tier_index(ServiceTier::standard)];
      out_.prefix.break_even_requests = price::break_even_requests(*rates, use);
    }
    if (way == CacheWay::marked) out_.prefix.break_even_hits = price::break_even_hits(*rates);
    const KnownHits known = question_.hits({model.provider, model.name}, way, tier);
    const price::HitRate hits = known.rate;
    if (tier == ServiceTier::batch) {
      out_.prefix.batch_hits = hits;
      out_.prefix.hits_seen = known.requests;
    }
    const auto added = [&](int64_t hit_thousandths, int64_t token_thousandths) {
      price::PrefixUse scaled = use;
      scaled.tokens = use.tokens * token_thousandths / whole;
      return price::added_cost(way, *rates, scaled, hit_thousandths);
    };
    const auto least = added(hits.high, whole - error), expected = added(hits.expected, whole),
               most = added(hits.low, whole + error);
    if (!least || !expected || !most) return;
    auto& adds = out_.prefix.adds[tier_index(tier)];
    if (!adds) adds.emplace();
    adds->low += *least;
    adds->expected += *expected;
    adds->high += *most;
  }

  price::Conditions conditions() const {
    price::Conditions c;
    c.at = question_.now;
    return c;
  }

  // Caching that happens by itself, or that pays and is asked for: by the caller on any way that
  // there is, by this program (`ours`) with marks, and with contents in batches.
  bool caches(ServiceTier tier, bool asked, bool ours) const {
    const auto& adds = out_.prefix.adds[tier_index(tier)];
    if (!adds) return false;
    if (out_.prefix.way == CacheWay::automatic) return true;
    const bool made = out_.prefix.way == CacheWay::marked ||
                      (out_.prefix.way == CacheWay::explicit_ && tier == ServiceTier::batch);
    return asked && adds->expected.n < 0 && (!ours || made);
  }

  Figures with_caching(Figures f, ServiceTier tier) const {
    const Figures& adds = *out_.prefix.adds[tier_index(tier)];
    return {f.low + adds.low, f.expected + adds.expected, f.high + adds.high};
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
    return caches(tier, asked, ours) ? with_caching(*cost, tier) : *cost;
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
        if (!caches(ServiceTier::standard, true, false)) return;
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

  const PromptTally& tally_;
  TokenCounting& counting_;
  const QuoteQuestion& question_;
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
