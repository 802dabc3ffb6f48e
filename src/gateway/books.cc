// Sums, lines, and the text of /metrics.
#include "gateway/books.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "gateway/metric_text.h"

namespace twolane::gateway {
namespace {

constexpr size_t flush_above = 64 << 10;  // bytes

void put(std::string& out, int64_t n) {
  char digits[24];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, n).ptr);
}

// A JSON string; control characters, which only hostile requests have, become spaces.
void put(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7F ? ' ' : c;
  }
  out += '"';
}

void member(std::string& out, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  out.append(",\"").append(name).append("\":");
  put(out, text);
}

void member(std::string& out, std::string_view name, int64_t n) {
  out.append(",\"").append(name).append("\":");
  put(out, n);
}

void append_line(std::string& out, const Record& r) {
  out += "{\"at\":\"";
  out += rfc3339(r.at);
  out += '"';
  member(out, "id", r.id);
  member(out, "upstream_id", r.upstream_id);
  member(out, "response_id", r.response_id);
  member(out, "trace", r.trace);
  member(out, "key", r.key);
  member(out, "method", r.method);
  member(out, "path", r.path.substr(0, 200));
  member(out, "model", r.model.substr(0, 100));
  member(out, "provider", r.provider);
  member(out, "lane", r.lane);
  if (r.model_call) out += r.streaming ? ",\"stream\":true" : ",\"stream\":false";
  member(out, "user_agent", r.user_agent.substr(0, 100));
  member(out, "status", r.status);
  if (r.metered) {
    member(out, "tier", name_of(r.tier));
    member(out, "input_tokens", r.usage.input());
    member(out, "cached_tokens", r.usage.cache_read);
    if (r.usage.cache_write_5m > 0) member(out, "cache_write_5m_tokens", r.usage.cache_write_5m);
    if (r.usage.cache_write_1h > 0) member(out, "cache_write_1h_tokens", r.usage.cache_write_1h);
    member(out, "output_tokens", r.usage.output);
  }
  if (r.estimated) out += ",\"estimated\":true";
  if (r.priced) member(out, "cost_usd", exact_usd(r.cost));
  if (r.up_to) member(out, "up_to_usd", exact_usd(*r.up_to));
  member(out, "bytes_in", r.bytes_in);
  member(out, "bytes_out", r.bytes_out);
  member(out, "total_us", r.total_us);
  if (r.first_us > 0) member(out, "first_token_us", r.first_us);
  member(out, "overhead_us", r.overhead_us);
  member(out, "error", r.error);
  member(out, "route", r.route);
  if (!r.tries.empty()) out.append(",\"tries\":[").append(r.tries).append("]");
  out += "}\n";
}

std::string seconds_text(int64_t us) {
  std::string text = std::to_string(us / 1'000'000), part = std::to_string(us % 1'000'000);
  part.insert(0, 6 - part.size(), '0');
  return text + '.' + part;
}

void put_histogram(std::string& out, const std::string& name, const Books::Histogram& h) {
  put_type(out, name, "histogram");
  int64_t below = 0;
  for (size_t i = 0; i < h.count.size(); ++i) {
    below += h.count[i];
    const std::string le = i < Books::bounds_us.size() ? seconds_text(Books::bounds_us[i]) : "+Inf";
    put_sample(out, name + "_bucket", {{"le", le}}, below);
  }
  put_sample(out, name + "_sum", {}, seconds_text(h.sum_us));
  put_sample(out, name + "_count", {}, below);
}

}  // namespace

Result<std::unique_ptr<AccessLog>> AccessLog::open(const std::string& where) {
  if (where.empty()) return std::unique_ptr<AccessLog>(new AccessLog(-1));
  const int file = where == "-" ? ::dup(STDOUT_FILENO)
                                : ::open(where.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file >= 0) return std::unique_ptr<AccessLog>(new AccessLog(file));
  Error e;
  e.code = "serve.log";
  e.message = "the access log cannot be written";
  e.where.file = where;
  e.why = std::string("the system says: ") + std::strerror(errno);
  e.next = {"name another place: --access-log FILE, or off"};
  return fail(std::move(e));
}

AccessLog::~AccessLog() {
  if (file_ >= 0) ::close(file_);
}

// What cannot be written is dropped: a full disk must not stop the relay.
void AccessLog::write(std::string_view lines) {
  while (file_ >= 0 && !lines.empty()) {
    const ssize_t n = ::write(file_, lines.data(), lines.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    lines.remove_prefix(static_cast<size_t>(n));
  }
}

void Books::Histogram::add(int64_t us) {
  size_t i = 0;
  while (i < bounds_us.size() && us > bounds_us[i]) ++i;
  ++count[i];
  sum_us += us;
}

void Books::Histogram::add(const Histogram& other) {
  for (size_t i = 0; i < count.size(); ++i) count[i] += other.count[i];
  sum_us += other.sum_us;
}

void Books::record(const Record& r) {
  if (log_.on()) {
    append_line(lines_, r);
    if (lines_.size() > flush_above) flush();
  }
  const std::lock_guard lock(mutex_);
  sightings_.add(r);
  ++by_status_[r.status];
  duration_.add(r.total_us);
  overhead_.add(r.overhead_us);
  if (r.provider.empty() || (r.status >= 400 && !r.metered)) return;  // 499 may have cost something
  thread_local Labels labels;  // reused: no allocation for names seen before
  labels[0] = r.provider, labels[1] = r.model, labels[2] = name_of(r.tier), labels[3] = r.key;
  labels[4] = name_of(r.door);
  Sums& sums = sums_[labels];
  ++sums.requests;
  if (!r.metered) ++sums.unmetered;
  if (r.estimated) ++sums.estimated;
  if (r.metered && !r.priced) ++sums.unpriced;
  sums.input += r.usage.input();
  sums.cached += r.usage.cache_read;
  sums.output += r.usage.output;
  sums.cost += r.cost;
}

std::string Books::line_of(const Record& record) {
  std::string line;
  append_line(line, record);
  return line;
}

void Books::take_sightings(std::string& into) {
  const std::lock_guard lock(mutex_);
  sightings_.take(into);
}

void Books::flush() {
  if (!lines_.empty()) log_.write(lines_);
  lines_.clear();
}

std::string Books::metrics(std::span<Books* const> all, int64_t connections) {
  std::map<Labels, Sums> sums;
  std::map<int, int64_t> by_status;
  Histogram duration, overhead;
  for (Books* books : all) {
    const std::lock_guard lock(books->mutex_);
    for (const auto& [labels, s] : books->sums_) {
      Sums& to = sums[labels];
      to.requests += s.requests, to.unmetered += s.unmetered, to.estimated += s.estimated, to.unpriced += s.unpriced;
      to.input += s.input, to.cached += s.cached, to.output += s.output, to.cost += s.cost;
    }
    for (const auto& [status, n] : books->by_status_) by_status[status] += n;
    duration.add(books->duration_);
    overhead.add(books->overhead_);
  }
  std::string out;
  put_gauge(out, "twolane_connections", connections);
  put_type(out, "twolane_requests_total", "counter");
  for (const auto& [status, n] : by_status)
    put_sample(out, "twolane_requests_total", {{"status", std::to_string(status)}}, n);
  const auto series = [&](std::string_view name, auto value) {
    put_type(out, name, "counter");
    for (const auto& [l, s] : sums)
      put_sample(out, name, {{"provider", l[0]}, {"model", l[1]}, {"tier", l[2]}, {"key", l[3]}, {"door", l[4]}}, value(s));
  };
  series("twolane_relayed_total", [](const Sums& s) { return s.requests; });
  series("twolane_input_tokens_total", [](const Sums& s) { return s.input; });
  series("twolane_cached_tokens_total", [](const Sums& s) { return s.cached; });
  series("twolane_output_tokens_total", [](const Sums& s) { return s.output; });
  series("twolane_cost_usd_total", [](const Sums& s) { return exact_usd(s.cost); });
  series("twolane_unmetered_total", [](const Sums& s) { return s.unmetered; });
  series("twolane_estimated_total", [](const Sums& s) { return s.estimated; });
  series("twolane_unpriced_total", [](const Sums& s) { return s.unpriced; });
  put_histogram(out, "twolane_request_seconds", duration);
  put_histogram(out, "twolane_overhead_seconds", overhead);
  return out;
}

}  // namespace twolane::gateway
