// What people name, found among what is stored.
#include "patient/find.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <unordered_map>

#include "patient/request_text.h"

namespace twolane::patient {
namespace {

constexpr int64_t page = 1024;

Error no_such(std::string code, std::string message, std::string next) {
  Error e;
  e.code = std::move(code);
  e.message = std::move(message);
  e.why = "nothing of that name is there";
  e.next = {std::move(next)};
  return e;
}

int64_t number_in(const std::string& text) {
  int64_t n = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), n);
  return ec == std::errc{} && end == text.data() + text.size() ? n : 0;
}

Error no_such_request(const Job& job, const std::string& name) {
  return no_such("usage.request", "job " + job.id.hex().substr(0, 6) + " has no request \"" + name + "\"",
                 "give its custom_id, or the number of its line");
}

Error no_rows(std::string_view text) {
  Error e;
  e.code = "usage.rows";
  e.message = "\"" + std::string(text) + "\" names no rows";
  e.where.field = "rows";
  e.why = "rows are lines of the input, counted from 1, as ranges with commas between them";
  e.next = {"5001-10000", "7,12,9001-"};
  return e;
}

// The first request on that line or a later one: requests lie in the order of their lines.
Result<int64_t> first_from(store::Store& store, const Job& job, int64_t line) {
  int64_t low = 0, high = job.requests;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    const auto row = TRY(store.request(job.id, middle));
    if (row && row->line < line) low = middle + 1;
    else high = middle;
  }
  return low;
}

}  // namespace

Result<Job> pick_job(std::vector<Job> jobs, const std::string& prefix) {
  std::erase_if(jobs, [&](const Job& job) { return !job.id.hex().starts_with(prefix); });
  if (jobs.size() == 1) return std::move(jobs.front());
  if (jobs.empty())
    return fail(no_such("usage.job", "there is no job \"" + prefix + "\"", "twolane jobs lists them"));
  Error e;
  e.code = "usage.job_ambiguous";
  e.message = std::to_string(jobs.size()) + " jobs begin with \"" + prefix + "\"";
  e.why = "one of them is meant";
  for (size_t i = 0; i < jobs.size() && i < 5; ++i) e.next.push_back(jobs[i].id.hex());
  return fail(std::move(e));
}

Result<int64_t> find_request(store::Store& store, store::Payloads& payloads, const Job& job, const std::string& name) {
  const IndexRanges found = TRY(find_requests(store, payloads, job, {name}));
  return found.all().front().from;
}

Result<IndexRanges> find_requests(store::Store& store, store::Payloads& payloads, const Job& job,
                                  const std::vector<std::string>& names) {
  // By what each name finds: a custom_id goes before the number of a line.
  std::unordered_map<std::string, int64_t> by_id, by_line;
  for (const std::string& name : names) {
    by_id.emplace(name, -1);
    if (number_in(name) > 0) by_line.emplace(std::to_string(number_in(name)), -1);
  }
  size_t missing = by_id.size();
  const auto options = TRY(input_options_from_json(job.options));
  for (int64_t from = 0; from < job.requests && missing > 0; from += page) {
    for (const auto& row : TRY(store.outcomes(job.id, from, page))) {
      if (const auto line = by_line.find(std::to_string(row.line)); line != by_line.end()) line->second = row.index;
      if (row.length == 0) continue;
      const std::string text = TRY(payloads.read({job.input, row.offset, row.length}));
      const auto request = request_text(options, text, row.index);
      const auto id = request ? by_id.find(std::string(request->custom_id)) : by_id.end();
      if (id == by_id.end() || id->second >= 0) continue;
      id->second = row.index;
      --missing;
    }
  }
  std::vector<int64_t> places;
  for (const std::string& name : names) {
    int64_t place = by_id.at(name);
    if (place < 0 && number_in(name) > 0) place = by_line.at(std::to_string(number_in(name)));
    if (place < 0) return fail(no_such_request(job, name));
    places.push_back(place);
  }
  std::sort(places.begin(), places.end());
  IndexRanges found;
  for (const int64_t place : places) found.add({place, place});
  return found;
}

Result<IndexRanges> requests_on(store::Store& store, const Job& job, std::string_view rows) {
  std::string text(rows);
  std::erase(text, ' ');
  if (text.ends_with('-')) text += std::to_string(std::numeric_limits<int64_t>::max() - 1);
  const auto lines = IndexRanges::parse(text);
  if (!lines || lines->empty() || lines->contains(0)) return fail(no_rows(rows));
  IndexRanges found;
  for (const IndexRange& range : lines->all())
    found.add({TRY(first_from(store, job, range.from)), TRY(first_from(store, job, range.to + 1)) - 1});
  if (found.empty()) return fail(no_such_request(job, std::string(rows)));
  return found;
}

}  // namespace twolane::patient
