// --sample N: a few requests bought live and shown, before many are bought.
#include "app/sample.h"

#include <unistd.h>

#include <algorithm>
#include <set>

#include "app/escape.h"
#include "app/figures.h"
#include "app/summary.h"
#include "dialect/translate.h"
#include "patient/request_text.h"

namespace twolane::app {
namespace {

constexpr int rounds = 5;  // of those that a provider refused for now

}  // namespace

std::vector<int64_t> spaced_indexes(int64_t requests, int64_t n) {
  std::vector<int64_t> indexes;
  n = std::min(n, requests);
  for (int64_t i = 0; i < n; ++i)
    indexes.push_back(n == 1 ? 0 : static_cast<int64_t>(static_cast<__int128>(i) * (requests - 1) / (n - 1)));
  return indexes;
}

bool Sample::buy(const Job& job, int64_t n, Driven& driven) {
  const auto first = first_steps(job.id, spaced_indexes(job.requests, n));
  if (!first) {
    driven.error = first.error();
    return false;
  }
  const std::vector<int64_t>& indexes = *first;
  const PicoUsd before = job.totals.cost;
  for (int round = 0; round < rounds; ++round) {
    const auto open = still_open(job.id, indexes);
    if (!open || open->empty()) break;
    if (const auto bought = driver.engine().buy_live(job.id, *open); !bought) {
      driven.error = bought.error();
      return false;
    }
    driven = driver.drive_until(job.id, watcher, [&] {
      if (!driver.engine().quiet()) return false;
      const auto flying = any_in_flight(job.id, indexes);
      return !flying || !*flying;
    });
    if (driven.interrupted || driven.error) return false;
  }
  const auto text = shown(job, indexes, before);
  if (text) display.tell(*text);
  if (!ask()) return false;
  if (const auto going = go_on(job.id); !going) {
    driven.error = going.error();
    return false;
  }
  return true;
}

// Of a request that waits for the answer of another, that other one.
Result<std::vector<int64_t>> Sample::first_steps(JobId job, const std::vector<int64_t>& indexes) {
  std::set<int64_t> first;
  for (int64_t index : indexes) {
    for (auto needs = TRY(home.store().needs(job, index, index)); !needs.empty();
         needs = TRY(home.store().needs(job, index, index)))
      index = needs.front().need.needed;
    first.insert(index);
  }
  return std::vector<int64_t>(first.begin(), first.end());
}

Result<bool> Sample::any_in_flight(JobId job, const std::vector<int64_t>& indexes) {
  for (const int64_t index : indexes) {
    const auto request = TRY(home.store().request(job, index));
    if (request && request->state == RequestState::live) return true;
  }
  return false;
}

Result<std::vector<int64_t>> Sample::still_open(JobId job, const std::vector<int64_t>& indexes) {
  std::vector<int64_t> open;
  for (const int64_t index : indexes) {
    const auto request = TRY(home.store().request(job, index));
    if (request && request->state == RequestState::open) open.push_back(index);
  }
  return open;
}

Result<std::string> Sample::row(const Job& job, int64_t index) {
  const auto outcomes = TRY(home.store().outcomes(job.id, index, 1));
  if (outcomes.empty()) return std::string();
  const auto& o = outcomes[0];
  const auto options = TRY(patient::input_options_from_json(job.options));
  const std::string line = TRY(home.payloads().read({job.input, o.offset, o.length}));
  const auto request = TRY(patient::request_text(options, line, index));
  std::string answer = o.state == RequestState::succeeded ? "" : std::string(name_of(o.state)) + ": " + o.error;
  if (o.state == RequestState::succeeded)
    answer = dialect::answer_text(o.endpoint, TRY(home.payloads().read(o.result)));
  return "  " + left("line " + grouped(o.line), 14) + left(escaped(request.custom_id, 16), 18) +
         escaped(answer, 46) + '\n';
}

Result<std::string> Sample::shown(const Job& job, const std::vector<int64_t>& indexes, PicoUsd before) {
  const Job now = TRY(watcher.job());
  std::string text = "sample   " + counted(static_cast<int64_t>(indexes.size()), "request") + " bought live, " +
                     spoken_usd(now.totals.cost - before) + " USD; kept, not bought again\n";
  for (const int64_t index : indexes) text += TRY(row(job, index));
  const int64_t rest = now.totals.unfinished();
  text += "rest     " + counted(rest, "request") + ": ";
  text += list_most.n > 0 ? "at most " + spoken_usd(list_most) + " USD at list price" : std::string("price unknown");
  return text + ", due " + day_and_time(now.deadline, world.shown_now(), shell.zone) + '\n';
}

bool Sample::ask() {
  if (!display.interactive()) {
    display.tell("next     the same command without --sample buys the rest\n");
    return false;
  }
  display.tell("Buy the rest? [y/N] (then Enter)");
  char answer[64];
  const ssize_t n = ::read(STDIN_FILENO, answer, sizeof answer);
  return n > 0 && (answer[0] == 'y' || answer[0] == 'Y');
}

Status Sample::go_on(JobId id) {
  Job job = TRY(watcher.job());
  job.state = JobState::running;
  CHECKED(home.store().amend(job));
  return driver.engine().take_up(id);
}

}  // namespace twolane::app
