// The state directory at hand.
#include "app/home.h"

#include <charconv>

#include "app/errors_shown.h"
#include "app/figures.h"
#include "app/summary.h"
#include "patient/request_text.h"
#include "store/posix_disk.h"
#include "store/sqlite/sqlite_store.h"

namespace twolane::app {
namespace {

constexpr std::string_view database = "/twolane.db";
constexpr int64_t page = 1024;

Result<Home> rooms(const std::string& path) {
  Home home;
  home.path = path;
  home.disk = TRY(store::posix_disk(path));
  home.payloads = std::make_unique<store::Payloads>(*home.disk);
  return home;
}

Error no_such(std::string code, std::string message, std::string next) {
  Error e;
  e.code = std::move(code);
  e.message = std::move(message);
  e.why = "nothing of that name is in this home";
  e.next = {std::move(next)};
  return e;
}

Result<std::string_view> custom_id_in(const patient::InputOptions& options, const std::string& line, int64_t index,
                                      patient::RequestText& request) {
  request = TRY(patient::request_text(options, line, index));
  return request.custom_id;
}

}  // namespace

Result<Home> own_home(const std::string& path) {
  Home home = TRY(rooms(path));
  home.lock = TRY(store::HomeLock::take(path));
  CHECKED(home.payloads->prepare());
  home.store = TRY(store::open_sqlite(path + std::string(database)));
  return home;
}

Result<Home> look_into_home(const std::string& path) {
  auto store = TRY(store::open_sqlite_beside(path + std::string(database)));
  Home home = TRY(rooms(path));
  home.store = std::move(store);
  return home;
}

Result<Home> own_or_look(const std::string& path) {
  auto owned = own_home(path);
  if (owned || owned.error().code != "store.busy") return owned;
  return look_into_home(path);
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

Result<int64_t> find_request(store::Store& store, store::Payloads& payloads, const Job& job,
                             const std::string& name) {
  int64_t line = 0, on_line = -1;
  const auto [end, ec] = std::from_chars(name.data(), name.data() + name.size(), line);
  if (ec != std::errc{} || end != name.data() + name.size()) line = 0;
  const auto options = TRY(patient::input_options_from_json(job.options));
  patient::RequestText request;
  for (int64_t from = 0; from < job.requests; from += page) {
    for (const auto& row : TRY(store.outcomes(job.id, from, page))) {
      if (line > 0 && row.line == line) on_line = row.index;
      if (row.length == 0) continue;
      const std::string text = TRY(payloads.read({job.input, row.offset, row.length}));
      const auto id = custom_id_in(options, text, row.index, request);
      if (id && *id == name) return row.index;
    }
  }
  if (on_line >= 0) return on_line;
  return fail(no_such("usage.request", "job " + short_name(job.id) + " has no request \"" + name + "\"",
                      "give its custom_id, or the number of its line"));
}

}  // namespace twolane::app
