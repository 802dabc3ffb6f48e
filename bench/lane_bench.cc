// The patient lane end to end: `twolane run --sim` at unlimited speed, as a user starts it, on files of
// small requests: accepted, packed, submitted, collected, settled, written out. Each size runs in a
// process of its own, so that its peak memory is its own. The simulator works in the same process: its
// CPU and its files are part of the figures; its bytes are shown apart.
//
//   lane_bench [sizes=100000,1000000] [directory=.] [program: the twolane of this build]
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "lane_bench: %s\n", why.c_str());
  std::exit(1);
}

void write_input(const std::string& path, int64_t requests) {
  std::ofstream out(path, std::ios::binary);
  for (int64_t i = 0; i < requests; ++i) {
    const std::string number = std::to_string(i);
    out << "{\"custom_id\":\"r" << number
        << "\",\"method\":\"POST\",\"url\":\"/v1/chat/completions\",\"body\":{\"model\":\"gpt-5.4-mini\","
           "\"max_completion_tokens\":16,\"messages\":[{\"role\":\"user\",\"content\":\"Label: card "
        << number << " declined\"}]}}\n";
  }
  if (!out.flush()) give_up("cannot write " + path);
}

double in_seconds(const timeval& t) {
  return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
}

struct Run {
  double elapsed = 0, cpu = 0;
  int64_t peak = 0;  // bytes resident
};

Run run(const std::vector<std::string>& command) {
  std::vector<char*> words;
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  const auto begin = std::chrono::steady_clock::now();
  const pid_t child = ::fork();
  if (child < 0) give_up("cannot fork");
  if (child == 0) {
    const int null = ::open("/dev/null", O_WRONLY);
    ::dup2(null, STDOUT_FILENO);
    ::execv(words[0], words.data());
    ::_exit(127);
  }
  int status = 0;
  rusage usage{};
  if (::wait4(child, &status, 0, &usage) != child) give_up("the run was lost");
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) give_up(command[0] + " failed");
  return {.elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(),
          .cpu = in_seconds(usage.ru_utime) + in_seconds(usage.ru_stime),
          .peak = usage.ru_maxrss * 1024};
}

int64_t bytes_below(const fs::path& directory) {
  int64_t sum = 0;
  for (const auto& entry : fs::recursive_directory_iterator(directory))
    if (entry.is_regular_file()) sum += static_cast<int64_t>(entry.file_size());
  return sum;
}

// A column of one text or number for each row of an answer.
std::vector<std::string> ask(sqlite3* database, const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(database, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK)
    give_up(sqlite3_errmsg(database));
  std::vector<std::string> rows;
  while (sqlite3_step(statement) == SQLITE_ROW)
    rows.emplace_back(reinterpret_cast<const char*>(sqlite3_column_text(statement, 0)));
  sqlite3_finalize(statement);
  return rows;
}

int64_t rows_in(const std::string& path) {
  sqlite3* database = nullptr;
  if (sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READONLY, nullptr) != SQLITE_OK)
    give_up("cannot read " + path);
  int64_t sum = 0;
  for (const std::string& table : ask(database, "SELECT name FROM sqlite_master WHERE type = 'table'"))
    sum += std::atoll(ask(database, "SELECT count(*) FROM \"" + table + "\"").front().c_str());
  sqlite3_close(database);
  return sum;
}

// Peak memory of a run with that many requests.
int64_t measure(const std::string& program, const std::string& directory, int64_t requests) {
  const std::string input = directory + "/input.jsonl", output = directory + "/output.jsonl";
  const std::string home = directory + "/home";
  write_input(input, requests);
  const Run seen =
      run({program, "run", input, "-o", output, "--sim", "--home", home, "--json", "--quiet"});
  const auto n = static_cast<double>(requests);
  const auto each = [&](int64_t bytes) { return static_cast<double>(bytes) / n; };
  const int64_t simulator = bytes_below(home + "/sim");
  std::printf("%9lld requests %8.2f s %9.0f/s   CPU %6.1f us each   peak memory %5.1f MB\n",
              static_cast<long long>(requests), seen.elapsed, n / seen.elapsed, 1e6 * seen.cpu / n,
              static_cast<double>(seen.peak) / 1e6);
  std::printf("  each: input %.0f B, output %.0f B, home %.0f B in %.2f rows (beside it the simulator's %.0f B)\n",
              each(static_cast<int64_t>(fs::file_size(input))),
              each(static_cast<int64_t>(fs::file_size(output))), each(bytes_below(home) - simulator),
              each(rows_in(home + "/twolane.db")), each(simulator));
  fs::remove_all(home);
  fs::remove(input);
  fs::remove(output);
  return seen.peak;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string program =
      argc > 3 ? argv[3] : fs::read_symlink("/proc/self/exe").parent_path().parent_path() / "twolane";
  std::string sizes = argc > 1 ? argv[1] : "100000,1000000";
  std::string directory = std::string(argc > 2 ? argv[2] : ".") + "/lane-bench-XXXXXX";
  if (!::mkdtemp(directory.data())) give_up("cannot make a directory");
  std::vector<int64_t> peaks;
  for (char* at = sizes.data(); *at;) {
    peaks.push_back(measure(program, directory, std::strtoll(at, &at, 10)));
    if (*at == ',') ++at;
  }
  fs::remove_all(directory);
  if (peaks.size() > 1)
    std::printf("peak memory of the last beside the first: %.2f  (goal: at most 1.2)\n",
                static_cast<double>(peaks.back()) / static_cast<double>(peaks.front()));
}
