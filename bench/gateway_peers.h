// The processes that the gateway's benchmarks measure: started, pinned, their run time read.
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "gateway_load.h"

namespace bench {

struct Proxy {
  std::string name;
  int port = 0;
  std::vector<pid_t> pids;  // their run time is counted
  Asked asked;              // what its clients send
};

inline void pin(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  ::sched_setaffinity(0, sizeof set, &set);
}

// Its output goes to `log`. It ends with this process.
inline pid_t start(std::vector<std::string> words, const std::map<std::string, std::string>& environment,
                   const std::string& log, int cpu = 0) {
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  if (cpu >= 0) pin(cpu);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  ::dup2(out, 1);
  ::dup2(out, 2);
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  ::execvp(arguments[0], arguments.data());
  std::perror(arguments[0]);
  ::_exit(1);
}

inline void write_file(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

inline bool accepts(int port, int tenths = 50) {
  for (int i = 0; i < 2 * tenths; ++i) {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port = htons(static_cast<uint16_t>(port));
    const bool good = ::connect(fd, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0;
    ::close(fd);
    if (good) return true;
    ::usleep(50'000);
  }
  return false;
}

// The process and all below it.
inline std::vector<pid_t> with_children(pid_t pid) {
  std::vector<pid_t> all = {pid};
  for (size_t i = 0; i < all.size(); ++i) {
    const std::string of = std::to_string(all[i]);
    std::ifstream in("/proc/" + of + "/task/" + of + "/children");
    for (pid_t child; in >> child;) all.push_back(child);
  }
  return all;
}

inline int64_t run_time_ns(const Proxy& proxy) {
  int64_t sum = 0;
  for (const pid_t pid : proxy.pids)
    for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
      int64_t ns = 0;
      std::ifstream(task.path() / "schedstat") >> ns;
      sum += ns;
    }
  return sum;
}

inline int64_t pss_kb(const Proxy& proxy) {
  int64_t sum = 0;
  for (const pid_t pid : proxy.pids) {
    std::ifstream in("/proc/" + std::to_string(pid) + "/smaps_rollup");
    for (std::string line; std::getline(in, line);)
      if (line.starts_with("Pss:")) sum += std::atoll(line.c_str() + 4);
  }
  return sum;
}

inline double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  return values[values.size() / 2];
}

inline double quantile(std::vector<double> values, double q) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  return values[std::min(values.size() - 1, static_cast<size_t>(q * static_cast<double>(values.size())))];
}

// A program of a package where it is installed, or "-".
inline std::string installed(const char* name) {
  for (const char* place : {"/usr/sbin/", "/usr/bin/", "/usr/local/bin/"})
    if (const std::string path = std::string(place) + name; ::access(path.c_str(), X_OK) == 0) return path;
  std::printf("%s is not installed (apt install %s): left out\n", name, name);
  return "-";
}

// What a command prints, its last line break left out.
inline std::string said(const std::string& command) {
  std::string text;
  std::FILE* pipe = ::popen(command.c_str(), "r");
  if (!pipe) return text;
  char block[4096];
  while (const size_t n = std::fread(block, 1, sizeof block, pipe)) text.append(block, n);
  ::pclose(pipe);
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

// Words behind "--name" on a command line, by name; a flag alone is empty.
inline std::map<std::string, std::string> flags_of(int count, char** arguments) {
  std::map<std::string, std::string> flags;
  for (int i = 1; i < count; ++i) {
    const std::string word = arguments[i];
    const size_t equals = word.find('=');
    if (word.starts_with("--")) flags[word.substr(2, equals == word.npos ? equals : equals - 2)] =
        equals == word.npos ? "" : word.substr(equals + 1);
  }
  return flags;
}

}  // namespace bench
