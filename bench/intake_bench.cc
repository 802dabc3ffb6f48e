// Accepting a batch file until it is durable, checked, indexed and bounded in price, beside `cp`
// and fsync of the same file, in alternating rounds.
//
//   intake_bench [rounds=7] [requests=50000] [bytes of each=4096] [directory=.]
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "patient/intake.h"
#include "store/posix_disk.h"
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

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "intake_bench: %s\n", why.c_str());
  std::exit(1);
}

// Chat requests with one system prompt and user texts of words, each `bytes` long in all.
void write_input(const std::string& path, int requests, size_t bytes) {
  static const char* const words[] = {"card",    "payment",    "the", "my",       "is",
                                      "pending", "transfer",   "why", "account",  "\\n",
                                      "balance", "top-up",     "was", "declined", "please",
                                      "€",       "\\\"ok\\\"", "fee", "abroad",   "cash"};
  std::ofstream out(path, std::ios::binary);
  uint64_t random = 1;
  std::string line;
  for (int i = 0; i < requests; ++i) {
    line = "{\"custom_id\":\"ticket-" + std::to_string(i) +
           "\",\"method\":\"POST\",\"url\":\"/v1/chat/"
           "completions\",\"body\":{\"model\":\"gpt-5.4-mini\","
           "\"max_completion_tokens\":64,\"messages\":[{\"role\":\"system\",\"content\":\"Label "
           "the ticket.\"},"
           "{\"role\":\"user\",\"content\":\"";
    while (line.size() + 8 < bytes) {
      random = random * 6364136223846793005ull + 1442695040888963407ull;
      line += words[(random >> 33) % std::size(words)];
      line += ' ';
    }
    line += "\"}]}}\n";
    out << line;
  }
  if (!out.flush()) give_up("cannot write " + path);
}

struct Series {
  std::vector<double> ms;
  double median() {
    std::sort(ms.begin(), ms.end());
    return ms[ms.size() / 2];
  }
  void print(const char* name) {
    const double middle = median();
    std::printf("%-22s %8.0f ms median  %6.0f to %6.0f\n", name, middle, ms.front(), ms.back());
  }
};

void rest() {
  ::sync();
  std::this_thread::sleep_for(std::chrono::seconds(2));
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 7;
  const int requests = argc > 2 ? std::atoi(argv[2]) : 50'000;
  const auto bytes = static_cast<size_t>(argc > 3 ? std::atoi(argv[3]) : 4096);
  std::string home = std::string(argc > 4 ? argv[4] : ".") + "/intake-bench-XXXXXX";
  if (!::mkdtemp(home.data())) give_up("cannot make a directory");
  const std::string input = home + "/input.jsonl", copy = home + "/copy.jsonl";
  write_input(input, requests, bytes);

  auto disk = store::posix_disk(home);
  auto opened = store::open_sqlite(home + "/store.db");
  if (!disk || !opened) give_up("cannot open the store");
  store::Payloads payloads(**disk);
  Series cp, intake;
  double cpu = 0;
  for (int round = 0; round < rounds; ++round) {
    rest();
    double begin = seconds_now();
    if (std::system(("cp '" + input + "' '" + copy + "' && sync '" + copy + "'").c_str()) != 0)
      give_up("cp failed");
    cp.ms.push_back(1000 * (seconds_now() - begin));
    std::filesystem::remove(copy);

    rest();
    patient::IntakeOptions options;
    options.salt = std::to_string(round);
    Job job;
    job.input_name = input;
    const SegmentId segment{static_cast<uint64_t>(round) + 1};
    const double cpu_before = cpu_now();
    begin = seconds_now();
    const auto checked =
        patient::take_in(input, options, job, segment, home, **opened, payloads, false);
    intake.ms.push_back(1000 * (seconds_now() - begin));
    cpu += 1000 * (cpu_now() - cpu_before);
    if (!checked) give_up(checked.error().message + ": " + checked.error().why);
    if (checked->requests != requests) give_up("requests are missing");
    if (!payloads.remove(segment)) give_up("cannot remove the copy");
  }
  const double size = static_cast<double>(std::filesystem::file_size(input)) / 1e6;
  opened->reset();
  std::filesystem::remove_all(home);

  std::printf("accepting %.0f MB, %d requests, %d rounds each, alternating\n", size, requests,
              rounds);
  cp.print("cp and fsync");
  intake.print("accepted and durable");
  std::printf("%-22s %8.0f ms a round\n", "CPU of accepting", cpu / rounds);
  std::printf("ratio                  %8.2f  (goal: at most 1)\n", intake.median() / cp.median());
}
