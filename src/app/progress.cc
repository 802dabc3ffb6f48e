// How a running job looks.
#include "app/progress.h"

#include <algorithm>
#include <array>

#include "app/escape.h"
#include "app/figures.h"

namespace twolane::app {
namespace {

constexpr Duration sign_of_life = minutes(30);

// `text` with `end` at the right edge, if both fit.
std::string spread(std::string text, std::string_view end, size_t columns) {
  const size_t used = columns_of(text) + columns_of(end);
  if (used + 2 > columns) return text;
  return text + std::string(columns - used, ' ') + std::string(end);
}

// To five minutes where it is far away: nobody knows it better.
std::string about(Time t, Time now, const Zone& zone) {
  const int64_t step = t - now > minutes(30) ? 300'000 : 60'000;
  const Time rounded{(t.ms + step / 2) / step * step};
  return "about " + (t - now < hours(20) ? clock_time(rounded, zone) : day_and_time(rounded, now, zone));
}

// Seconds would only flicker.
std::string in_minutes(Duration d) {
  return d < minutes(1) ? spoken(d) : spoken(d - milliseconds(d.ms % 60'000));
}

std::string deadline_line(const Snapshot& s, const Zone& zone, size_t columns) {
  std::string text = "due " + day_and_time(s.deadline, s.now, zone) + ", ";
  text += s.deadline > s.now ? "in " + in_minutes(s.deadline - s.now) : in_minutes(s.now - s.deadline) + " ago";
  text += s.kept ? ", kept" : ", best effort";
  return spread(std::move(text), s.cap ? "cap " + spoken_usd(*s.cap) + " USD" : "no cap", columns);
}

std::string batches_remark(const Snapshot& s, const Zone& zone) {
  const Snapshot::Batch* oldest = nullptr;
  int64_t out = 0;
  for (const auto& b : s.batches) {
    if (b.stage != Snapshot::Batch::Stage::out) continue;
    ++out;
    if (!oldest || b.since < oldest->since) oldest = &b;
  }
  if (!oldest) return {};
  const std::string sent = clock_time(oldest->since, zone);
  if (out > 1) return grouped(out) + " batches, the oldest sent " + sent;
  const std::string name = "batch " + std::to_string(oldest->number);
  if (oldest->own_count < 0) return name + " at " + escaped(oldest->provider) + " since " + sent;
  return name + ", " + in_minutes(s.now - oldest->since) + " old; " + escaped(oldest->provider) +
         "'s own count: " + grouped(oldest->own_count);
}

std::string done_remark(const Snapshot& s, const Zone& zone) {
  if (s.promoted > 0) return grouped(s.promoted) + " of them promoted";
  for (const auto& b : s.batches)
    if (b.stage == Snapshot::Batch::Stage::back)
      return "batch " + std::to_string(b.number) + " came back " + clock_time(b.since, zone);
  return {};
}

std::string waiting_remark(const Snapshot& s) {
  int first = 0, last = 0;
  for (const auto& b : s.batches) {
    if (b.stage != Snapshot::Batch::Stage::planned) continue;
    if (first == 0 || b.number < first) first = b.number;
    last = std::max(last, b.number);
  }
  if (first == 0 && s.after_others > 0) return grouped(s.after_others) + " after others of the file";
  if (first == 0) return {};
  if (first == last) return "batch " + std::to_string(first) + " is being sent";
  return "batches " + std::to_string(first) + " to " + std::to_string(last) + " are being sent";
}

std::string count_row(std::string_view name, int64_t n, const std::string& remark) {
  std::string row = "  " + left(name, 10) + right(grouped(n), 10);
  return remark.empty() ? row : row + "   " + remark;
}

std::string money_row(const Snapshot& s) {
  std::string text = spoken_usd(s.booked) + " booked, " + spoken_usd(s.reserved) + " reserved; list price ";
  if (s.done == 0)
    return text + (s.list_most.n > 0 ? "at most " + spoken_usd(s.list_most) : std::string("unknown"));
  const PicoUsd expected{s.list_kept.n / s.done * s.requests};
  if (s.done == s.requests) return text + spoken_usd(s.list_kept);
  return text + "about " + spoken_usd(expected);
}

std::string finish_row(const Snapshot& s, const Zone& zone) {
  if (s.finish.ms == 0) return "unknown";
  std::string text = about(s.finish, s.now, zone);
  const bool late = s.finish > s.deadline;
  const Duration apart = late ? s.finish - s.deadline : s.deadline - s.finish;
  if (late || s.miss_foreseen) return text + ", late: the deadline will be missed";
  return apart >= minutes(1) ? text + ", " + in_minutes(apart) + " early" : text;
}

std::string rescue_row(const Snapshot& s, const Zone& zone) {
  if (!s.kept) return "none: best effort never pays more than batch price";
  if (s.takeover.ms == 0) return "not needed";
  if (s.takeover <= s.now) return "running since " + clock_time(s.takeover, zone);
  return "at " + day_and_time(s.takeover, s.now, zone) + " the rest moves to the live lane";
}

}  // namespace

std::string bar(const Snapshot& s, size_t cells) {
  struct Part {
    int64_t n;
    char mark;
    size_t cells = 0;
    int64_t rest = 0;
  };
  std::array<Part, 5> parts = {
      {{s.done, '#'}, {s.batched, '='}, {s.live, '+'}, {s.waiting, '-'}, {s.failed, '!'}}};
  if (s.requests <= 0) return '[' + std::string(cells, '-') + ']';
  size_t used = 0;
  for (auto& p : parts) {
    p.cells = static_cast<size_t>(p.n * static_cast<int64_t>(cells) / s.requests);
    p.rest = p.n * static_cast<int64_t>(cells) % s.requests;
    if (p.n > 0 && p.cells == 0) p.cells = 1, p.rest = -1;
    used += p.cells;
  }
  while (used < cells) {
    auto most = std::max_element(parts.begin(), parts.end(),
                                 [](const Part& a, const Part& b) { return a.rest < b.rest; });
    ++most->cells, ++used;
    most->rest = -1;
  }
  while (used > cells) {
    auto widest = std::max_element(parts.begin(), parts.end(),
                                   [](const Part& a, const Part& b) { return a.cells < b.cells; });
    --widest->cells, --used;
  }
  std::string out = "[";
  for (const auto& p : parts) out.append(p.cells, p.mark);
  return out + ']';
}

std::vector<std::string> block(const Snapshot& s, const Zone& zone, size_t columns) {
  std::vector<std::string> rows;
  rows.push_back(spread(escaped(s.input, 40) + "  " + counted(s.requests, "request") + "  " + s.models,
                        "job " + s.job, columns));
  rows.push_back(deadline_line(s, zone, columns));
  rows.push_back(bar(s, columns >= 80 ? 70 : std::max<size_t>(columns, 12) - 10));
  rows.push_back(count_row("done", s.done, done_remark(s, zone)));
  rows.push_back(count_row("in batches", s.batched, batches_remark(s, zone)));
  rows.push_back(count_row("waiting", s.waiting, waiting_remark(s)));
  rows.push_back(count_row("live", s.live, {}));
  rows.push_back(count_row("failed", s.failed, s.cancelled > 0 ? grouped(s.cancelled) + " of them cancelled by you" : ""));
  rows.push_back("money    " + money_row(s));
  rows.push_back("finish   " + finish_row(s, zone));
  rows.push_back("rescue   " + rescue_row(s, zone));
  if (s.held.empty()) rows.push_back("next     " + (s.next.empty() ? "nothing to do" : escaped(s.next)));
  else rows.push_back("held     " + escaped(s.held));
  for (auto& row : rows) row = std::string(cut_to(row, columns));
  return rows;
}

void PlainLines::stamp(std::vector<std::string>& lines, Time at, std::string text) {
  if (const std::string date = date_and_offset(at, zone_); date != date_) {
    lines.push_back(date);
    date_ = date;
  }
  lines.push_back(clock_time_seconds(at, zone_) + ' ' + std::move(text));
  last_ = std::max(last_, at);
}

std::vector<std::string> PlainLines::begin(const Snapshot& s) {
  date_ = date_and_offset(s.now, zone_);
  last_ = s.now;
  return {date_ + " job " + s.job + ' ' + escaped(s.input) + ' ' + counted(s.requests, "request") + ", due " +
          day_and_time(s.deadline, s.now, zone_)};
}

std::vector<std::string> PlainLines::change(Time at, std::string_view text) {
  std::vector<std::string> lines;
  stamp(lines, at, escaped(text));
  return lines;
}

std::vector<std::string> PlainLines::tick(const Snapshot& s) {
  std::vector<std::string> lines;
  if (s.now - last_ < sign_of_life) return lines;
  std::string text = "waiting: done " + grouped(s.done) + ", in batches " + grouped(s.batched);
  if (s.waiting > 0) text += ", waiting " + grouped(s.waiting);
  if (s.live > 0) text += ", live " + grouped(s.live);
  if (s.cancelled > 0) text += ", cancelled " + grouped(s.cancelled);
  text += ", failed " + grouped(s.failed - s.cancelled) + ", " + spoken_usd(s.booked) + " USD";
  if (!s.held.empty()) text += "; held: " + escaped(s.held);
  stamp(lines, s.now, std::move(text));
  return lines;
}

}  // namespace twolane::app
