// The table, a block of lines for each choice of models, and the verdict.
#include "app/quote_view.h"

#include <algorithm>
#include <cstdio>

#include "app/escape.h"
#include "app/figures.h"

namespace twolane::app {
namespace {

using patient::QuotedChoice;
using patient::QuotedLane;
using price::CacheWay;

// "8.11 M", "0.16 M", "3,120".
std::string tokens(int64_t n) {
  if (n < 10'000) return grouped(n);
  char text[32];
  const double millions = static_cast<double>(n) / 1e6;
  std::snprintf(text, sizeof text, millions < 0.1 ? "%.3f M" : "%.2f M", millions);
  return text;
}

std::string thousandths(int64_t n) {
  const std::string whole = std::to_string(n / 10);
  return n % 10 == 0 ? whole : whole + '.' + std::to_string(n % 10);
}

std::string chance(const std::optional<double>& p) {
  if (!p) return "unknown";
  char text[16];
  std::snprintf(text, sizeof text, *p > 0.99 && *p < 1 ? "%.3f" : "%.2f", *p);
  return text;
}

// As many decimals as the smallest figure of the table needs for two digits; from 2 to 6.
int decimals_of(const std::vector<QuotedChoice>& choices) {
  PicoUsd least;
  for (const auto& c : choices)
    for (const auto& lane : c.lanes)
      if (lane.cost && lane.cost->expected.n > 0 && (least.n == 0 || lane.cost->expected < least))
        least = lane.cost->expected;
  int decimals = 2;
  for (PicoUsd p = least; p.n > 0 && p < PicoUsd{1'000'000'000'000 / 10} && decimals < 6; p.n *= 10)
    ++decimals;
  return decimals;
}

std::string lane_line(const QuotedLane& lane, int decimals) {
  const auto usd = [decimals](PicoUsd p) { return shown_usd(p, decimals, Round::half_even); };
  std::string out = "  " + left(name_of(lane.kind), 24);
  if (!lane.cost) return out + right("unknown", 10) + "  " + lane.why + '\n';
  return out + right(usd(lane.cost->low), 10) + right(usd(lane.cost->expected), 11) +
         right(usd(lane.cost->high), 11) + right(chance(lane.on_time), 10) + '\n';
}

std::string names(const QuotedChoice& c) {
  std::string out;
  for (auto t = c.targets.begin(); t != c.targets.end(); ++t)
    if (std::find(c.targets.begin(), t, *t) == t)
      out += (out.empty() ? "" : ", ") + t->provider + '/' + t->model;
  return escaped(out, 60);
}

std::string amounts_line(const QuotedChoice& c) {
  std::string out = "  input " + tokens(c.input_tokens) + " tokens, ";
  if (!c.exact && c.error_thousandths == 0) out += "exact but for answers in it";
  else out += c.exact ? "exact" : "estimated +-" + thousandths(c.error_thousandths) + " %";
  out += "; output " + tokens(c.output.expected) + " (" + c.output_from + "), limit " +
         tokens(c.output.limit) + '\n';
  if (c.answers > 0)
    out += "  " + counted(c.answers, "answer") + " of other requests in it, as long as answers are taken to be\n";
  if (c.media > 0)
    out += "  " + counted(c.media, "picture or file") + " taken for " +
           grouped(patient::tokens_of_media) + " tokens each\n";
  return out;
}

// What caching would add or save: "saves 0.31", "costs 0.02 more".
std::string effect(const patient::QuotedPrefix& p, ServiceTier tier) {
  const auto& adds = p.adds[static_cast<size_t>(tier)];
  if (!adds) return "unknown";
  if (adds->expected.n > 0) return "costs " + spoken_usd(adds->expected) + " more";
  return "saves " + spoken_usd(PicoUsd{} - adds->expected);
}

std::string prefix_lines(const QuotedChoice& c) {
  const auto& p = c.prefix;
  if (p.tokens == 0) return "  shared prefix: none of 1,024 bytes and more\n";
  if (p.cacheable == 0) {
    std::string out = "  shared prefix: " + tokens(p.tokens) + " tokens, ";
    if (p.minimum < 0) return out + "not known to be cached here\n";
    if (p.tokens >= p.minimum) return out + "within a message: no mark is set there\n";
    return out + "too short to cache (" + grouped(p.minimum) + ")\n";
  }
  std::string out = "  shared prefix: " + tokens(p.cacheable) + " tokens of " +
                    counted(p.requests, "request") + "; caching ";
  if (p.way == CacheWay::automatic) out += "is automatic:";
  if (p.way == CacheWay::marked) out += "by 1-hour marks:";
  if (p.way == CacheWay::explicit_) out += "by a cache object with its fee:";
  out += "\n    batch " + effect(p, ServiceTier::batch) + ", standard " +
         effect(p, ServiceTier::standard);
  if (p.adds[static_cast<size_t>(ServiceTier::flex)])
    out += ", flex " + effect(p, ServiceTier::flex);
  if (p.way == CacheWay::marked && p.break_even_hits)
    out += "; pays from " + thousandths(*p.break_even_hits) + " % hits";
  if (p.way == CacheWay::explicit_ && p.break_even_requests)
    out += "; pays from " + counted(*p.break_even_requests, "request");
  else if (p.way != CacheWay::explicit_)
    out += "\n    at " + thousandths(p.batch_hits.expected) + " % hits in batches, " +
           (p.hits_seen > 0 ? "seen in " + counted(p.hits_seen, "request") + " here" : "assumed");
  return out + '\n';
}

std::string verdict_line(const QuotedChoice& c) {
  const bool batch = c.verdict.tier == ServiceTier::batch;
  const bool kept = batch && c.lane(QuotedLane::Kind::kept);
  std::string out =
      "verdict  " + std::string(kept ? "patient" : name_of(c.verdict.tier)) + " on " + names(c);
  if (c.saving && c.saving->n > 0)
    out += "\n         saves " + spoken_usd(*c.saving) + " USD (" + share(*c.saving, c.synchronous) + ") against " +
           (c.lane(QuotedLane::Kind::cached) ? "standard with caching" : "standard");
  return out + "\n         " + std::string(c.verdict.words) + '\n';
}

wire::Json figures_json(const std::optional<patient::Figures>& f) {
  if (!f) return {{"low_usd", nullptr}, {"expected_usd", nullptr}, {"high_usd", nullptr}};
  return {{"low_usd", exact_usd(f->low)},
          {"expected_usd", exact_usd(f->expected)},
          {"high_usd", exact_usd(f->high)}};
}

wire::Json prefix_json(const patient::QuotedPrefix& p) {
  const auto number = [](const std::optional<int64_t>& n) {
    return n ? wire::Json(*n) : wire::Json(nullptr);
  };
  wire::Json out = {{"tokens", p.tokens},
                    {"cacheable_tokens", p.cacheable},
                    {"minimum_tokens", p.minimum < 0 ? wire::Json(nullptr) : wire::Json(p.minimum)},
                    {"requests", p.requests},
                    {"way", name_of(p.way)},
                    {"batch_hits_thousandths", p.batch_hits.expected},
                    {"hits_seen_in_requests", p.hits_seen},
                    {"break_even_hits_thousandths", number(p.break_even_hits)},
                    {"break_even_requests", number(p.break_even_requests)}};
  for (const ServiceTier tier : {ServiceTier::batch, ServiceTier::flex, ServiceTier::standard})
    out["adds"][std::string(name_of(tier))] = figures_json(p.adds[static_cast<size_t>(tier)]);
  return out;
}

wire::Json choice_json(const QuotedChoice& c) {
  wire::Json out;
  out["models"] = wire::Json::array();
  for (const Target& t : c.targets) out["models"].push_back(t.provider + '/' + t.model);
  out["requests"] = c.requests;
  out["input_tokens"] = c.input_tokens;
  out["input_exact"] = c.exact;
  out["input_error_thousandths"] = c.error_thousandths;
  out["output_tokens"] = {{"low", c.output.low},
                          {"expected", c.output.expected},
                          {"limit", c.output.limit},
                          {"from", c.output_from}};
  out["media"] = c.media;
  out["answers_in_prompts"] = c.answers;
  out["prefix"] = prefix_json(c.prefix);
  out["lanes"] = wire::Json::array();
  for (const auto& lane : c.lanes) {
    wire::Json one = {{"lane", name_of(lane.kind)}};
    one.update(figures_json(lane.cost));
    one["why"] = lane.cost ? wire::Json(nullptr) : wire::Json(lane.why);
    one["on_time"] = lane.on_time ? wire::Json(*lane.on_time) : wire::Json(nullptr);
    out["lanes"].push_back(std::move(one));
  }
  out["verdict"] = {
      {"tier", name_of(c.verdict.tier)},
      {"words", c.verdict.words},
      {"saving_usd", c.saving ? wire::Json(exact_usd(*c.saving)) : wire::Json(nullptr)}};
  return out;
}

}  // namespace

std::string quote_text(const std::vector<QuotedChoice>& choices) {
  const int decimals = decimals_of(choices);
  std::string out = left("USD", 26) + right("low", 10) + right("expected", 11) + right("high", 11) +
                    right("on time", 10) + '\n';
  for (const auto& c : choices) {
    out += names(c) + '\n' + amounts_line(c);
    for (const auto& lane : c.lanes) out += lane_line(lane, decimals);
    out += prefix_lines(c);
  }
  if (!choices.empty()) out += verdict_line(choices.front());
  return out;
}

wire::Json quote_json(const std::vector<QuotedChoice>& choices) {
  wire::Json out = wire::Json::array();
  for (const auto& c : choices) out.push_back(choice_json(c));
  return out;
}

}  // namespace twolane::app
