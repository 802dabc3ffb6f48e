// What people name on a command line, found in the home.
#include "app/find.h"

#include <charconv>

#include "app/figures.h"
#include "app/summary.h"
#include "patient/request_text.h"

namespace twolane::app {
namespace {

constexpr int64_t page = 1024;

Error no_such(std::string code, std::string message, std::string next) {
  Error e;
  e.code = std::move(code);
  e.message = std::move(message);
  e.why = "nothing of that name is in this home";
  e.next = {std::move(next)};
  return e;
}

int64_t number_in(const std::string& text) {
  int64_t n = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), n);
  return ec == std::errc{} && end == text.data() + text.size() ? n : 0;
}

}  // namespace

Result<std::unique_ptr<store::Home>> own_or_look(const std::string& directory) {
  auto owned = store::Home::open(directory);
  if (owned || owned.error().code != "home.busy") return owned;
  return store::Home::beside(directory);
}

Result<Job> find_job(store::Store& store, const std::string& prefix) {
  std::vector<Job> matching;
  for (auto& job : TRY(store.jobs()))
    if (job.id.hex().starts_with(prefix)) matching.push_back(std::move(job));
  if (matching.size() == 1) return std::move(matching[0]);
  if (matching.empty())
    return fail(no_such("usage.job", "there is no job \"" + prefix + "\"", "twolane jobs lists them"));
  Error e;
  e.code = "usage.job_ambiguous";
  e.message = grouped(static_cast<int64_t>(matching.size())) + " jobs begin with \"" + prefix + "\"";
  e.why = "one of them is meant";
  for (size_t i = 0; i < matching.size() && i < 5; ++i) e.next.push_back(matching[i].id.hex());
  return fail(std::move(e));
}

Result<int64_t> find_request(store::Home& home, const Job& job, const std::string& name) {
  const int64_t line = number_in(name);
  int64_t on_line = -1;
  const auto options = TRY(patient::input_options_from_json(job.options));
  for (int64_t from = 0; from < job.requests; from += page) {
    for (const auto& row : TRY(home.store().outcomes(job.id, from, page))) {
      if (line > 0 && row.line == line) on_line = row.index;
      if (row.length == 0) continue;
      const std::string text = TRY(home.payloads().read({job.input, row.offset, row.length}));
      const auto request = patient::request_text(options, text, row.index);
      if (request && request->custom_id == name) return row.index;
    }
  }
  if (on_line >= 0) return on_line;
  return fail(no_such("usage.request", "job " + short_name(job.id) + " has no request \"" + name + "\"",
                      "give its custom_id, or the number of its line"));
}

}  // namespace twolane::app
