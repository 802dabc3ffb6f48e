// For tests: a log's text in, one line of text for each call and bucket out.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "audit/reader.h"

namespace twolane::audit {

namespace shown_detail {
struct Text {
  std::string out;
  void add(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    if (!out.empty()) out += ' ';
    out.append(name).append("=").append(value);
  }
  void add(std::string_view name, std::optional<Duration> d) {
    if (d) add(name, std::to_string(d->ms) + "ms");
  }
  void add(std::string_view name, std::optional<int64_t> n) {
    if (n) add(name, std::to_string(*n));
  }
  void add(std::string_view name, const std::optional<Usage>& u) {
    if (!u) return;
    add(name, std::to_string(u->fresh) + '+' + std::to_string(u->cache_read) + '+' +
                  std::to_string(u->cache_write_5m) + '+' + std::to_string(u->cache_write_1h) + "->" +
                  std::to_string(u->output) + '/' + std::to_string(u->reasoning));
  }
};
}  // namespace shown_detail

// Every fact that is known, in a fixed order. Usage as fresh+read+write5m+write1h->output/reasoning. Hashes
// are left out: tests compare those with one another.
inline std::string shown(const Call& c) {
  shown_detail::Text t;
  t.add("start", c.start ? rfc3339(*c.start) : "");
  t.add("took", c.latency);
  t.add("first", c.first_token);
  t.add("model", c.model);
  t.add("provider", c.provider);
  t.add("at", c.endpoint ? wire_name(*c.endpoint) : "");
  t.add("usage", c.usage);
  t.add("cost", c.cost ? exact_usd(*c.cost) : "");
  t.add("tier", c.tier ? name_of(*c.tier) : "");
  t.add("stream", c.streaming ? (*c.streaming ? "yes" : "no") : "");
  constexpr std::array outcomes = {"", "succeeded", "failed", "disconnected"};
  t.add("outcome", outcomes[static_cast<size_t>(c.outcome)]);
  t.add("status", c.http_status ? std::optional<int64_t>(*c.http_status) : std::nullopt);
  t.add("limit", c.output_limit);
  t.add("gateway_cached", c.gateway_cached ? "yes" : "");
  t.add("retries", c.retries > 0 ? std::optional(c.retries) : std::nullopt);
  t.add("key", c.key);
  t.add("user", c.user);
  t.add("team", c.team);
  t.add("route", c.route);
  t.add("agent", c.user_agent);
  t.add("tags", c.tags);
  t.add("prompt", c.prompt_name);
  t.add("id", c.request_id);
  t.add("response", c.response_id);
  t.add("trace", c.trace);
  t.add("session", c.session);
  t.add("span", c.span);
  t.add("parent", c.parent);
  t.add("continues", c.previous_response);
  return t.out;
}

inline std::string shown(const Bucket& b) {
  shown_detail::Text t;
  t.add("start", rfc3339(b.start));
  t.add("width", std::to_string(b.width.ms / 1000) + "s");
  t.add("model", b.model);
  t.add("line", b.line_item);
  t.add("requests", b.requests);
  t.add("usage", b.usage);
  t.add("cost", b.cost ? exact_usd(*b.cost) : "");
  t.add("tier", b.tier ? name_of(*b.tier) : "");
  t.add("long", b.long_context ? "yes" : "");
  t.add("key", b.key);
  t.add("user", b.user);
  t.add("team", b.team);
  return t.out;
}

// A call with what its views showed.
struct KeptCall {
  std::string text;
  uint64_t family = 0, prompt = 0, answer = 0, answer_before = 0;
  std::vector<PrefixBlock> prefix;
  bool cache_known = false, prefix_estimated = false, clock_from_zero = false;
};

class Reading : public Sink {
 public:
  std::vector<KeptCall> calls;
  std::vector<std::string> buckets;
  FileRead read;
  Error error;  // what ended the reading; its code is empty where nothing did

  void call(const Call& c) override {
    calls.push_back({shown(c), c.prompt_family, c.prompt, c.answer, c.answer_before,
                     {c.prefix.begin(), c.prefix.end()}, c.cache_known, c.prefix_estimated, c.clock_from_zero});
  }
  void bucket(const Bucket& b) override { buckets.push_back(shown(b)); }

  // "json:1@3 tokens:2@7": code, count, line of the first.
  std::string faults() const {
    std::string out;
    for (const Fault& f : read.faults)
      out += (out.empty() ? "" : " ") + f.code + ':' + std::to_string(f.count) + '@' + std::to_string(f.line);
    return out;
  }
  std::string texts() const {
    std::string out;
    for (const auto& c : calls) out += c.text + '\n';
    for (const auto& b : buckets) out += b + '\n';
    return out;
  }
};

// Fed in pieces of `piece` bytes; 0: whole.
inline Reading read_text(std::string_view text, std::string_view columns = {}, size_t piece = 0,
                         Lengths* lengths = nullptr) {
  Reading reading;
  Lengths own;
  std::shared_ptr<const Columns> named;
  if (!columns.empty()) {
    auto parsed = parse_columns(columns);
    if (!parsed) {
      reading.error = parsed.error();
      return reading;
    }
    named = *parsed;
  }
  LogReader reader("log", named, lengths != nullptr ? *lengths : own, reading);
  if (piece == 0) piece = text.size() + 1;
  Status status;
  for (; !text.empty() && status; text.remove_prefix(std::min(piece, text.size()))) {
    const std::string copy(text.substr(0, piece));  // a piece has no room behind it
    status = reader.feed(copy);
  }
  if (status) status = reader.finish();
  if (!status) reading.error = status.error();
  reading.read = reader.read();
  EXPECT_EQ(reading.read.records, reading.read.calls + reading.read.bucket_records + reading.read.passed +
                                      reading.read.bad());
  return reading;
}

}  // namespace twolane::audit
