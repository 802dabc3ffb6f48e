// The store's share of a request: accepted, placed, settled and read back, on a real disk.
//
//   store_bench [requests=1000000] [batch=50000] [lines per settlement=5000] [directory]
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <numeric>
#include <random>

#include "store/sqlite/sqlite_store.h"

namespace {

using namespace twolane;

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double cpu_now() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  const auto of = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

void must(const auto& result) {
  if (result.has_value()) return;
  std::fprintf(stderr, "%s: %s: %s\n", result.error().code.c_str(), result.error().message.c_str(),
               result.error().why.c_str());
  std::exit(1);
}

class Stage {
 public:
  Stage(const char* name, int64_t requests) : name_(name), requests_(requests) {}
  ~Stage() {
    const double wall = seconds_now() - wall_, cpu = cpu_now() - cpu_;
    std::printf("%-10s %8.2f s wall %8.2f s cpu %10.0f requests/s\n", name_, wall, cpu,
                static_cast<double>(requests_) / wall);
  }

 private:
  const char* name_;
  int64_t requests_;
  double wall_ = seconds_now(), cpu_ = cpu_now();
};

void accept(store::Store& store, Job& job) {
  auto acceptance = store.accept(job.id);
  must(acceptance);
  std::vector<RequestRow> rows;
  for (int64_t i = 0; i < job.requests;) {
    rows.clear();
    for (; i < job.requests && rows.size() < 4096; ++i) {
      RequestRow row;
      row.index = i;
      row.offset = i * 411;
      row.length = 400;
      row.line = i + 1;
      row.input_bound = 180 + i % 50;
      row.output_bound = 256;
      rows.push_back(row);
    }
    must((*acceptance)->add(rows));
  }
  Shape shape;
  shape.targets = {{"openai", "gpt-5.4-mini"}};
  shape.requests = job.requests;
  must((*acceptance)->commit(job, {&shape, 1}));
}

std::vector<BatchId> place(store::Store& store, const Job& job, int64_t per_batch) {
  std::mt19937_64 random(7);
  std::vector<BatchId> ids;
  for (int64_t from = 0; from < job.requests;) {
    const auto rows = store.open_requests(job.id, 0, from, per_batch);
    must(rows);
    std::vector<store::Placement> placements;
    for (const auto& row : *rows)
      placements.push_back({job.id, row.index, {180'000'000 + row.index}});
    Batch batch;
    batch.id = {random()};
    batch.provider = "openai";
    batch.model = "gpt-5.4-mini";
    batch.requests = static_cast<int64_t>(placements.size());
    batch.created = job.accepted;
    must(store.place(batch, placements));
    ids.push_back(batch.id);
    from = rows->back().index + 1;
  }
  return ids;
}

void settle(store::Store& store, const std::vector<BatchId>& batches, const Job& job,
            int64_t per_batch, int64_t per_settlement) {
  std::mt19937_64 random(8);
  for (size_t b = 0; b < batches.size(); ++b) {
    std::vector<int32_t> order(static_cast<size_t>(
        std::min(per_batch, job.requests - static_cast<int64_t>(b) * per_batch)));
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), random);  // results come in any order
    std::vector<store::Settlement> settlements;
    std::vector<std::string> ids(order.size());
    for (size_t i = 0; i < order.size(); ++i) {
      char id[40];
      std::snprintf(id, sizeof id, "chatcmpl-%016llx", static_cast<unsigned long long>(random()));
      ids[i] = id;
      store::Settlement s;
      s.key = {batches[b], order[i]};
      s.state = AttemptState::answered;
      s.response_id = ids[i];
      s.charged = true;
      s.usage = {.fresh = 150 + order[i] % 60, .output = 6};
      s.cost = {75'000ll * s.usage.fresh + 300'000ll * 6};
      s.list = {150'000ll * s.usage.fresh + 600'000ll * 6};
      s.http_status = 200;
      s.result = {{b + 1}, static_cast<int64_t>(i) * 900, 880};
      s.request = RequestState::succeeded;
      settlements.push_back(s);
      if (static_cast<int64_t>(settlements.size()) == per_settlement || i + 1 == order.size()) {
        must(store.settle(settlements, nullptr, job.accepted + minutes(static_cast<int64_t>(b))));
        settlements.clear();
      }
    }
  }
}

void read_back(store::Store& store, const Job& job) {
  for (int64_t from = 0; from < job.requests;) {
    const auto rows = store.outcomes(job.id, from, 4096);
    must(rows);
    from = rows->back().index + 1;
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto argument = [&](int i, int64_t otherwise) {
    return argc > i ? std::atoll(argv[i]) : otherwise;
  };
  const int64_t requests = argument(1, 1'000'000), per_batch = argument(2, 50'000),
                per_settlement = argument(3, 5'000);
  std::string directory =
      (argc > 4 ? std::string(argv[4]) : std::filesystem::temp_directory_path().string()) +
      "/twolane-store-bench-XXXXXX";
  if (!::mkdtemp(directory.data())) return 1;
  const std::string path = directory + "/twolane.db";
  {
    auto opened = store::open_sqlite(path);
    must(opened);
    Job job;
    job.id = {0x5eed};
    job.input = {1};
    job.requests = requests;
    job.accepted = {1'780'000'000'000};
    job.deadline = job.accepted + hours(24);
    const double begin = seconds_now();
    {
      Stage stage("accept", requests);
      accept(**opened, job);
    }
    std::vector<BatchId> batches;
    {
      Stage stage("place", requests);
      batches = place(**opened, job, per_batch);
    }
    {
      Stage stage("settle", requests);
      settle(**opened, batches, job, per_batch, per_settlement);
    }
    const double all = seconds_now() - begin;
    {
      Stage stage("outcomes", requests);
      read_back(**opened, job);
    }
    std::printf("%-10s %8.2f s accept + place + settle: %.0f requests/s\n", "all", all,
                static_cast<double>(requests) / all);
    must((*opened)->job(job.id));
  }
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  std::printf("%-10s %8.1f bytes/request on disk, peak memory %ld MB\n", "settled",
              static_cast<double>(std::filesystem::file_size(path)) / static_cast<double>(requests),
              usage.ru_maxrss / 1024);
  std::filesystem::remove_all(directory);
  return 0;
}
