// The planner: updates and decisions with ten million open requests, memory, and the speed of its trials.
//
//   plan_bench [open requests=10000000] [days of the grid=40]
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>

#include "trial/grid.h"

namespace {

using namespace twolane;
using namespace twolane::plan;

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

constexpr Time noon{1'800'000'000'000};
constexpr int64_t job_requests = 500, batch_requests = 10'000;

// Jobs of 500 requests with deadlines over three days, in batches of 10,000; a tenth of each job is open.
struct Load {
  State state;
  LaneId lane = state.number({"openai", Endpoint::chat_completions, "gpt-5.4-mini"});
  std::vector<GroupView> groups;
  std::vector<BatchView> batches;

  explicit Load(int64_t open) {
    std::mt19937_64 random(1);
    // A live lane that could drain all of it in half a day: nothing is urgent, as on most days.
    plan::apply(state, RateKnown{"openai", {.requests_per_minute = static_cast<double>(open) / 720}, 0});
    const int64_t jobs = open / job_requests;
    for (int64_t j = 0; j < jobs; ++j) {
      const JobId id{static_cast<uint64_t>(j + 1)};
      const Duration within = hours(30) + seconds(static_cast<int64_t>(random() % (42 * 3600)));
      plan::apply(state, JobChanged{{.id = id, .accepted = noon, .deadline = noon + within, .kept = true, .requests = job_requests}});
      groups.push_back({id, 0, lane, job_requests / 10, noon + minutes(30), false, false, false});
      plan::apply(state, GroupChanged{groups.back()});
      if (j % (batch_requests / job_requests) == 0) {
        BatchView b;
        b.id = BatchId{static_cast<uint64_t>(batches.size() + 1)};
        b.lane = lane;
        b.requests = batch_requests;
        b.sent = noon + seconds(j / 20);
        batches.push_back(b);
      }
      batches.back().members.emplace_back(id, job_requests * 9 / 10);
    }
    for (const BatchView& b : batches) plan::apply(state, BatchChanged{b});
  }
};

// Counts of groups, told as the engine tells them: each view is made when it is told.
void updates(Load& load) {
  constexpr int count = 10'000'000;
  std::mt19937_64 random(2);
  std::vector<uint32_t> order(1 << 16);
  for (auto& o : order) o = static_cast<uint32_t>(random() % load.groups.size());
  std::vector<int32_t> open(load.groups.size(), job_requests / 10);
  double best = 1e9, all = 0;
  for (int round = 0; round < 5; ++round) {
    const double from = seconds_now();
    for (int i = 0; i < count / 5; ++i) {
      const uint32_t j = order[static_cast<size_t>(i) & 0xFFFF];
      open[j] += (i & 1) || open[j] <= 1 ? 1 : -1;
      plan::apply(load.state, GroupChanged{{JobId{j + 1}, 0, load.lane, open[j], noon + minutes(30), false, false, false}});
    }
    const double took = seconds_now() - from;
    best = std::min(best, took);
    all += took;
  }
  for (size_t j = 0; j < open.size(); ++j) load.groups[j].open = open[j];
  std::printf("updates    %6.1f million/s, best of five rounds %.1f   (goal 5)   %.0f ns each\n", count / all / 1e6,
              count / best / 5e6, all / count * 1e9);
}

// Each decision follows an event of its own: counts, batches that end and are replaced.
void decisions(Load& load) {
  constexpr int count = 200'000;
  std::mt19937_64 random(3);
  std::vector<double> took;
  took.reserve(count);
  size_t actions = 0;
  for (int i = 0; i < count; ++i) {
    Event event;
    if (i % 50 == 49) {
      BatchView& b = load.batches[random() % load.batches.size()];
      b.cancelling = !b.cancelling;
      event = BatchChanged{b};
    } else {
      GroupView& g = load.groups[random() % load.groups.size()];
      g.open = 1 + static_cast<int64_t>(random() % 100);
      event = GroupChanged{g};
    }
    const double from = seconds_now();
    actions += step(load.state, event, noon + minutes(31) + milliseconds(i)).size();
    took.push_back(seconds_now() - from);
  }
  std::sort(took.begin(), took.end());
  const auto at = [&](double share) { return took[static_cast<size_t>(share * (count - 1))] * 1e6; };
  std::printf("decisions  p50 %.2f us   p99 %.2f us (goal 50)   p99.9 %.1f us   max %.0f us   %.2f actions each\n",
              at(0.5), at(0.99), at(0.999), at(1), static_cast<double>(actions) / count);
}

void memory(int64_t open) {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  std::printf("memory     %.0f MB for the whole process (goal 256), %lld open requests\n",
              static_cast<double>(usage.ru_maxrss) / 1024, static_cast<long long>(open));
}

void trials(int days) {
  using namespace twolane::trial;
  for (const Policy policy : {Policy::ladder, Policy::ladder_safe, Policy::ladder_flex}) {
    const double from = seconds_now();
    int64_t jobs = 0, decided = 0;
    for (const Kind kind : kinds)
      for (const int64_t items : grid_items)
        for (const double deadline : grid_deadlines) {
          const Cell cell{kind, items, deadline, policy, days};
          if (!cell.feasible()) continue;
          const Figures f = run(cell);
          jobs += f.jobs;
          decided += f.decisions;
        }
    const double took = seconds_now() - from;
    std::printf("trial      %-12s %6.0f job-days/s (goal 20,000), %.2f us a decision, all of it\n",
                std::string(name_of(policy)).c_str(), static_cast<double>(jobs) / took, took / static_cast<double>(decided) * 1e6);
  }
}

}  // namespace

int main(int count, char** arguments) {
  const int64_t open = count > 1 ? std::atoll(arguments[1]) : 10'000'000;
  const int days = count > 2 ? std::atoi(arguments[2]) : 40;
  {
    Load load(open);
    updates(load);
    decisions(load);
    memory(open);
  }
  trials(days);
}
