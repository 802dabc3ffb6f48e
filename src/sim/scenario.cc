// Named scenarios, and the reading of scenarios from TOML.

#include "sim/scenario.h"

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include <array>
#include <fstream>
#include <iterator>
#include <sstream>
#include <utility>

namespace twolane::sim {
namespace {

Scenario busy() {
  Scenario s;
  s.name = "busy";
  s.median = minutes(70);
  s.sigma = 0.9;
  s.slow_days = 0.2;
  s.slow_factor = 6;
  s.request_server_error = 0.002;
  s.expired_share = 0.3;
  s.too_many = 0.03;
  s.server_error = 0.003;
  s.late_output = seconds(20);
  s.list_lag = seconds(10);
  s.live_latency = seconds(4);
  s.flex_latency = seconds(40);
  s.live_per_minute = 2000;
  s.flex_refused = 0.3;
  s.enqueued_tokens = 20'000'000;
  return s;
}

Scenario outage() {
  Scenario s;
  s.name = "outage";
  s.median = minutes(40);
  s.sigma = 0.9;
  s.stuck = 0.15;
  s.request_server_error = 0.02;
  s.too_many = 0.02;
  s.server_error = 0.05;
  s.server_error_after = 0.01;
  s.lost = 0.02;
  s.lost_after = 0.01;
  s.refused = 0.02;
  s.blackout_at = {minutes(3), minutes(50), hours(5), hours(30)};
  s.blackout = minutes(20);
  s.live_per_minute = 1500;
  s.flex_latency = minutes(1);
  s.flex_refused = 0.5;
  return s;
}

Scenario hostile() {
  Scenario s;
  s.name = "hostile";
  s.median = minutes(25);
  s.sigma = 1.0;
  s.stuck = 0.1;
  s.slow_days = 0.1;
  s.slow_factor = 40;
  s.validation = seconds(15);
  s.finalizing = seconds(20);
  s.request_error = 0.002;
  s.request_server_error = 0.01;
  s.billed_failure = 0.3;
  s.expired_share = 0.4;
  s.duplicate_line = 0.01;
  s.missing_line = 0.005;
  s.foreign_line = 0.003;
  s.corrupt_line = 0.003;
  s.truncated_download = 0.1;
  s.late_output = seconds(45);
  s.counts_lie = 0.1;
  s.empty_string_ids = true;
  s.too_many = 0.05;
  s.server_error = 0.03;
  s.server_error_after = 0.03;
  s.lost = 0.02;
  s.lost_after = 0.03;
  s.refused = 0.02;
  s.unknown_state = 0.05;
  s.unreadable = 0.02;
  s.list_lag = minutes(3);
  s.blackout_at = {minutes(12), hours(2), hours(9)};
  s.blackout = minutes(10);
  s.enqueued_tokens = 6'000'000;
  s.live_per_minute = 3000;
  s.flex_latency = seconds(40);
  s.flex_refused = 0.3;
  return s;
}

Scenario incident() {
  Scenario s;
  s.name = "incident";
  s.request_server_error = 0.11;
  s.billed_failure = 0.8;
  s.counts_lie = 1;
  s.counts_always = {885, 758, 97};
  return s;
}

std::unexpected<Error> refuse(std::string_view file, std::string_view key, std::string why) {
  Error e;
  e.code = "sim.scenario";
  e.message = key.empty() ? "the scenario is not readable"
                          : "the scenario has a bad '" + std::string(key) + "'";
  e.why = std::move(why);
  e.where.file = file;
  e.where.field = key;
  return fail(std::move(e));
}

using Text = std::string Scenario::*;
using Share = double Scenario::*;
using Flag = bool Scenario::*;
using Span = Duration Scenario::*;
using Count = long long Scenario::*;

constexpr std::array shares = std::to_array<std::pair<std::string_view, Share>>({
    {"stuck", &Scenario::stuck},
    {"slow_days", &Scenario::slow_days},
    {"request_error", &Scenario::request_error},
    {"request_server_error", &Scenario::request_server_error},
    {"billed_failure", &Scenario::billed_failure},
    {"expired_share", &Scenario::expired_share},
    {"duplicate_line", &Scenario::duplicate_line},
    {"missing_line", &Scenario::missing_line},
    {"foreign_line", &Scenario::foreign_line},
    {"corrupt_line", &Scenario::corrupt_line},
    {"truncated_download", &Scenario::truncated_download},
    {"counts_lie", &Scenario::counts_lie},
    {"too_many", &Scenario::too_many},
    {"server_error", &Scenario::server_error},
    {"server_error_after", &Scenario::server_error_after},
    {"lost", &Scenario::lost},
    {"lost_after", &Scenario::lost_after},
    {"refused", &Scenario::refused},
    {"unknown_state", &Scenario::unknown_state},
    {"unreadable", &Scenario::unreadable},
    {"flex_refused", &Scenario::flex_refused},
    {"cache_hits", &Scenario::cache_hits},
});
constexpr std::array numbers = std::to_array<std::pair<std::string_view, Share>>({
    {"sigma", &Scenario::sigma},
    {"slow_factor", &Scenario::slow_factor},
    {"live_per_minute", &Scenario::live_per_minute},
});
constexpr std::array spans = std::to_array<std::pair<std::string_view, Span>>({
    {"median", &Scenario::median},
    {"validation", &Scenario::validation},
    {"finalizing", &Scenario::finalizing},
    {"cancel_lag", &Scenario::cancel_lag},
    {"cancel_lag_most", &Scenario::cancel_lag_most},
    {"late_output", &Scenario::late_output},
    {"list_lag", &Scenario::list_lag},
    {"latency", &Scenario::latency},
    {"live_latency", &Scenario::live_latency},
    {"flex_latency", &Scenario::flex_latency},
    {"chunk_pause", &Scenario::chunk_pause},
    {"blackout", &Scenario::blackout},
});
constexpr std::array flags = std::to_array<std::pair<std::string_view, Flag>>({
    {"shuffled", &Scenario::shuffled},
    {"empty_string_ids", &Scenario::empty_string_ids},
});

template <class Table>
auto member(const Table& table, std::string_view key) {
  for (const auto& [name, at] : table)
    if (name == key) return std::optional(at);
  return std::optional<decltype(table[0].second)>();
}

Result<Duration> span_of(const toml::node& value) {
  if (auto text = value.value_exact<std::string>()) return parse_duration(*text);
  return fail("time.duration", "a duration is a text such as \"90s\"");
}

// A list of durations ("blackout_at"), or of counts ("counts_always").
Status take_list(Scenario& s, std::string_view file, std::string_view key,
                 const toml::node& value) {
  const toml::array* list = value.as_array();
  if (!list) return refuse(file, key, "it must be a list");
  if (key == "blackout_at") s.blackout_at.clear();
  if (key == "counts_always") s.counts_always.clear();
  for (const toml::node& item : *list) {
    if (key == "blackout_at") {
      auto span = span_of(item);
      if (!span) return refuse(file, key, span.error().message);
      s.blackout_at.push_back(*span);
    } else {
      auto n = item.value_exact<int64_t>();
      if (!n) return refuse(file, key, "its members are whole numbers");
      s.counts_always.push_back(*n);
    }
  }
  if (key == "counts_always" && !s.counts_always.empty() && s.counts_always.size() != 3)
    return refuse(file, key, "it names three counts: total, completed, failed");
  return {};
}

Status take(Scenario& s, std::string_view file, std::string_view key, const toml::node& value) {
  if (key == "blackout_at" || key == "counts_always") return take_list(s, file, key, value);
  if (auto at = member(shares, key)) {
    auto n = value.value<double>();
    if (!n || *n < 0 || *n > 1) return refuse(file, key, "it is a share from 0 to 1");
    s.*(*at) = *n;
  } else if (auto number = member(numbers, key)) {
    auto n = value.value<double>();
    if (!n || *n < 0) return refuse(file, key, "it is a number, 0 or more");
    s.*(*number) = *n;
  } else if (auto span = member(spans, key)) {
    auto d = span_of(value);
    if (!d) return refuse(file, key, d.error().message);
    s.*(*span) = *d;
  } else if (auto flag = member(flags, key)) {
    auto b = value.value_exact<bool>();
    if (!b) return refuse(file, key, "it is true or false");
    s.*(*flag) = *b;
  } else if (key == "enqueued_tokens") {
    auto n = value.value_exact<int64_t>();
    if (!n || *n < 0) return refuse(file, key, "it is a whole number, 0 for no limit");
    s.enqueued_tokens = *n;
  } else if (key == "billing") {
    const auto chosen = billing_of(value.value_or(std::string()));
    if (!chosen) return refuse(file, key, "it is \"ranked\" or \"other\"");
    s.billing = *chosen;
  } else if (key == "name") {
    s.name = value.value_or(std::string());
  } else if (key != "base") {
    return refuse(file, key, "no such setting");
  }
  return {};
}

std::optional<Scenario> named(std::string_view name) {
  if (name == "calm") return Scenario{};
  if (name == "busy") return busy();
  if (name == "outage") return outage();
  if (name == "hostile") return hostile();
  if (name == "incident") return incident();
  return std::nullopt;
}

}  // namespace

Result<Scenario> scenario_from_toml(std::string_view text, std::string_view file) {
  toml::parse_result parsed = toml::parse(text, file);
  if (!parsed) {
    auto e = refuse(file, "", std::string(parsed.error().description())).error();
    e.where.line = parsed.error().source().begin.line;
    e.where.column = parsed.error().source().begin.column;
    return fail(std::move(e));
  }
  const toml::table& table = parsed.table();
  Scenario s;
  if (const toml::node* base = table.get("base")) {
    auto known = named(base->value_or(std::string()));
    if (!known) return refuse(file, "base", "it is one of calm, busy, outage, hostile, incident");
    s = *known;
  }
  for (auto&& [key, value] : table) {
    if (auto taken = take(s, file, key.str(), value); !taken) {
      Error e = taken.error();
      e.where.line = value.source().begin.line;
      e.where.column = value.source().begin.column;
      return fail(std::move(e));
    }
  }
  return s;
}

Result<Scenario> scenario(std::string_view name_or_file) {
  if (auto known = named(name_or_file)) return *known;
  std::ifstream in{std::string(name_or_file), std::ios::binary};
  if (!in) {
    Error e = refuse(name_or_file, "", "no scenario and no file of that name").error();
    e.message = "no scenario '" + std::string(name_or_file) + "'";
    e.next = {"use calm, busy, outage, hostile, incident or the path of a TOML file"};
    return fail(std::move(e));
  }
  std::string text{std::istreambuf_iterator<char>(in), {}};
  return scenario_from_toml(text, name_or_file);
}

}  // namespace twolane::sim
