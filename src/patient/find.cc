// What people name, found among what is stored.
#include "patient/find.h"

#include <charconv>

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
  const int64_t line = number_in(name);
  int64_t on_line = -1;
  const auto options = TRY(input_options_from_json(job.options));
  for (int64_t from = 0; from < job.requests; from += page) {
    for (const auto& row : TRY(store.outcomes(job.id, from, page))) {
      if (line > 0 && row.line == line) on_line = row.index;
      if (row.length == 0) continue;
      const std::string text = TRY(payloads.read({job.input, row.offset, row.length}));
      const auto request = request_text(options, text, row.index);
      if (request && request->custom_id == name) return row.index;
    }
  }
  if (on_line >= 0) return on_line;
  return fail(no_such("usage.request", "job " + job.id.hex().substr(0, 6) + " has no request \"" + name + "\"",
                      "give its custom_id, or the number of its line"));
}

}  // namespace twolane::patient
