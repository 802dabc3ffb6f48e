// The gateway's patient lane beside what it must not disturb, or must not be slower than.
//
//   gateway_patient_bench [--drain] [--start] [--accept] [--rounds=N] [--requests=50000] [--rate=500]
//                         [--twolane=FILE] [--directory=/var/tmp]
//
// Without a section: all three.
//   --start   from exec to the first 200 of /readyz, with a fresh home and with a used one
//   --accept  a batch of 200 MB over HTTP (upload, then create: durable, checked, indexed, bounded in
//             price), beside `cp` and fsync of the same file, in alternating rounds
//   --drain   latency of interactive calls, open loop, with and without patient requests that drain through
//             the same process; simulated providers in a process of their own, which runs when the load
//             generator is idle. For comparison: the same requests drain in a process that has nothing
//             to do with the gateway (`twolane run --sim`), which is what two processors cost anybody
#include <sched.h>
#include <sys/resource.h>

#include <thread>

#include "gateway_peers.h"

namespace bench {
namespace {

double seconds_since(Clock::time_point begin) { return duration<double>(Clock::now() - begin).count(); }

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "gateway_patient_bench: %s\n", why.c_str());
  std::exit(1);
}

// One connection that waits for its answers.
class Client {
 public:
  explicit Client(int port) {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port = htons(static_cast<uint16_t>(port));
    good_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0;
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() { ::close(fd_); }
  bool good() const { return good_; }

  // The answer's status line, headers and body; empty where the connection broke.
  std::string ask(const std::string& method, const std::string& path, const std::string& headers,
                  std::initializer_list<std::string_view> pieces) {
    size_t length = 0;
    for (const auto piece : pieces) length += piece.size();
    const std::string head = method + ' ' + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer any\r\n" + headers +
                             "Content-Length: " + std::to_string(length) + "\r\n\r\n";
    if (!write(head)) return {};
    for (const auto piece : pieces)
      if (!write(piece)) return {};
    return read();
  }
  std::string get(const std::string& path) { return ask("GET", path, "", {}); }

 private:
  bool write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(n));
    }
    return true;
  }
  std::string read() {
    std::string in;
    char block[65536];
    for (size_t need = 0; need == 0 || in.size() < need;) {
      const ssize_t n = ::read(fd_, block, sizeof block);
      if (n <= 0) return {};
      in.append(block, static_cast<size_t>(n));
      const size_t head = in.find("\r\n\r\n");
      if (head == in.npos) continue;
      size_t at = std::min(in.find("ontent-Length: "), in.find("ontent-length: "));
      need = head + 4 + (at < head ? std::strtoul(in.c_str() + at + 15, nullptr, 10) : 0);
    }
    return in;
  }

  int fd_ = -1;
  bool good_ = false;
};

// The text of a member in an answer.
std::string member(const std::string& answer, const std::string& name) {
  const size_t at = answer.find("\"" + name + "\":\"");
  if (at == answer.npos) return {};
  const size_t from = at + name.size() + 4;
  return answer.substr(from, answer.find('"', from) - from);
}

// `requests` lines for an OpenAI batch, each of about `bytes`.
std::string batch_lines(int requests, size_t bytes) {
  std::string text;
  text.reserve(static_cast<size_t>(requests) * (bytes + 200));
  const std::string words = "my card payment is pending and the transfer was declined, why is the balance wrong ";
  for (int i = 0; i < requests; ++i) {
    const size_t begin = text.size();
    text += "{\"custom_id\":\"ticket-" + std::to_string(i) +
            "\",\"method\":\"POST\",\"url\":\"/v1/chat/completions\",\"body\":{\"model\":\"gpt-5.4-mini\","
            "\"max_completion_tokens\":16,\"messages\":[{\"role\":\"user\",\"content\":\"";
    do text += words;
    while (text.size() - begin < bytes);
    text += "\"}]}}\n";
  }
  return text;
}

const std::string form_head =
    "--b\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n--b\r\nContent-Disposition: form-data; "
    "name=\"file\"; filename=\"in.jsonl\"\r\nContent-Type: application/jsonl\r\n\r\n";
const std::string form_end = "\r\n--b--\r\n";

std::string upload(Client& client, std::string_view lines) {
  const auto answer = client.ask("POST", "/v1/files", "Content-Type: multipart/form-data; boundary=b\r\n",
                                 {form_head, lines, form_end});
  if (!answer.starts_with("HTTP/1.1 200")) give_up("the upload was refused: " + answer.substr(0, 500));
  return member(answer, "id");
}

std::string create(Client& client, const std::string& file) {
  const std::string body = "{\"input_file_id\":\"" + file +
                           "\",\"endpoint\":\"/v1/chat/completions\",\"completion_window\":\"24h\"}";
  const auto answer = client.ask("POST", "/v1/batches", "Content-Type: application/json\r\n", {body});
  if (!answer.starts_with("HTTP/1.1 200") || member(answer, "status") != "in_progress")
    give_up("the batch was refused: " + answer.substr(0, 900));
  return member(answer, "id");
}

class Process {
 public:
  Process(std::vector<std::string> words, const std::map<std::string, std::string>& environment, const std::string& log,
          int port, int cpu)
      : pid_(start(std::move(words), environment, log, cpu)) {
    if (!accepts(port)) give_up("it does not start: see " + log);
  }
  ~Process() { stop(); }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  pid_t pid() const { return pid_; }
  void stop() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

 private:
  pid_t pid_;
};

// --- start

void start_to_ready(const std::string& twolane, const std::string& directory, int rounds) {
  const std::string home = directory + "/start.home";
  const std::map<std::string, std::string> environment = {{"OPENAI_API_KEY", "k"}};
  std::vector<double> fresh, used;
  for (int round = 0; round < 2 * rounds; ++round) {
    const bool first = round % 2 == 0;
    if (first) std::filesystem::remove_all(home);
    const auto begin = Clock::now();
    const pid_t pid = start({twolane, "serve", "--listen", "127.0.0.1:18201", "--access-log", "off", "--home", home},
                            environment, directory + "/start.log", -1);
    for (bool ready = false; !ready;) {
      Client client(18201);
      ready = client.good() && client.get("/readyz").starts_with("HTTP/1.1 200");
      if (!ready) ::usleep(200);
      if (seconds_since(begin) > 10) give_up("it is not ready after 10 s: see " + directory + "/start.log");
    }
    (first ? fresh : used).push_back(1000 * seconds_since(begin));
    ::kill(pid, SIGTERM);
    ::waitpid(pid, nullptr, 0);
  }
  std::printf("start to ready, median of %d: %.1f ms with a fresh home, %.1f ms with a used one (goal: under 50)\n", rounds,
              median(fresh), median(used));
}

// --- accept

double copy_ms(const std::string& from, const std::string& to) {
  const auto begin = Clock::now();
  if (std::system(("cp '" + from + "' '" + to + "' && sync '" + to + "'").c_str()) != 0) give_up("cp failed");
  const double ms = 1000 * seconds_since(begin);
  std::filesystem::remove(to);
  return ms;
}

void accepting(const std::string& twolane, const std::string& directory, int rounds, int requests) {
  const std::string lines = batch_lines(requests, 4096), file = directory + "/accept.jsonl";
  write_file(file, lines);
  const Process process({twolane, "serve", "--listen", "127.0.0.1:18202", "--access-log", "off", "--home", directory + "/accept.home"},
                        {{"OPENAI_API_KEY", "k"}, {"OPENAI_BASE_URL", "http://127.0.0.1:9/v1"}}, directory + "/accept.log", 18202, -1);
  Client client(18202);
  std::vector<double> copies, uploads, creates, both;
  for (int round = 0; round < rounds; ++round) {
    ::sync();
    copies.push_back(copy_ms(file, directory + "/copy.jsonl"));
    ::sync();
    const auto begin = Clock::now();
    const std::string id = upload(client, lines);
    uploads.push_back(1000 * seconds_since(begin));
    create(client, id);
    both.push_back(1000 * seconds_since(begin));
    creates.push_back(both.back() - uploads.back());
  }
  std::printf("accepting %.0f MB, %d requests over HTTP, median of %d alternating rounds\n",
              static_cast<double>(lines.size()) / 1e6, requests, rounds);
  std::printf("  cp and fsync          %7.0f ms\n  upload and batch      %7.0f ms   (%.0f + %.0f)\n  ratio                 %7.2f   (goal: at most 1)\n",
              median(copies), median(both), median(uploads), median(creates), median(both) / median(copies));
}

// --- drain

// Waits until the batch has ended; one look each tenth of a second.
void wait_for(int port, const std::string& batch, std::atomic<bool>& over) {
  Client client(port);
  for (int i = 0; i < 600; ++i) {
    const auto answer = client.get("/v1/batches/" + batch);
    if (member(answer, "status") == "completed" || answer.empty()) break;
    ::usleep(100'000);
  }
  over = true;
}

void print_latency(const char* name, const std::vector<double>& us) {
  std::printf("  %-22s p50 %6.0f us   p99 %6.0f us   (%zu calls)\n", name, median(us), quantile(us, 0.99), us.size());
}

void draining(const std::string& twolane, const std::string& directory, int rounds, int requests, double rate) {
  const Process sim({twolane, "sim", "--listen", "127.0.0.1:18203", "--speed", "3600", "--scenario", "calm", "--home", directory + "/drain.sim"},
                    {}, directory + "/drain-sim.log", 18203, 1);
  const sched_param none{};
  ::sched_setscheduler(sim.pid(), SCHED_IDLE, &none);
  // Interactive calls go to the load generator's own provider, batches to the simulated one.
  write_file(directory + "/twolane.toml", "[providers.near]\ndialect = \"openai\"\nbase_url = \"http://127.0.0.1:" +
                                              std::to_string(Load::provider_port) + "/v1\"\n");
  const Process gateway({twolane, "serve", "--listen", "127.0.0.1:18204", "--speed", "3600", "--threads", "1", "--access-log", "off",
                         "--config", directory + "/twolane.toml", "--home", directory + "/drain.home"},
                        {{"OPENAI_BASE_URL", "http://127.0.0.1:18203/openai/v1"}, {"OPENAI_API_KEY", "k"}},
                        directory + "/drain.log", 18204, -1);
  const std::string lines = batch_lines(requests, 200);
  Asked asked;
  asked.model = "near/some-model";
  const std::string file_elsewhere = directory + "/elsewhere.jsonl";
  write_file(file_elsewhere, lines);
  std::vector<double> quiet, busy, elsewhere, took;
  int64_t errors = 0;
  for (int round = 0; round < rounds; ++round) {
    const auto take = [&](double seconds, const std::atomic<bool>* over, std::vector<double>& into) {
      Load load(asked);
      auto result = load.run(18204, 64, seconds, rate, over);
      errors += result.errors;
      into.insert(into.end(), result.latencies_us.begin(), result.latencies_us.end());
    };
    take(3, nullptr, quiet);
    Client client(18204);
    const std::string file = upload(client, lines), batch = create(client, file);
    std::atomic<bool> over = false;
    const auto begin = Clock::now();
    std::thread waiter([&] { wait_for(18204, batch, over); });
    take(60, &over, busy);
    took.push_back(seconds_since(begin));
    waiter.join();
    const pid_t other = start({twolane, "run", file_elsewhere, "--sim", "--again", "--quiet", "--progress", "none", "-o",
                               directory + "/elsewhere.out", "--home", directory + "/elsewhere.home"},
                              {}, directory + "/elsewhere.log", -1);
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(other), 10);
    over = false;
    std::thread watcher([&] {
      ::waitpid(other, nullptr, 0);
      over = true;
    });
    take(60, &over, elsewhere);
    watcher.join();
  }
  std::printf("interactive calls at %.0f a second, alone and while %d patient requests drain (%.1f s, %d rounds, errors: %lld)\n", rate,
              requests, median(took), rounds, static_cast<long long>(errors));
  print_latency("alone", quiet);
  print_latency("while they drain", busy);
  print_latency("... elsewhere", elsewhere);
  std::printf("  p50 %+.1f %% (goal: at most +5), p99 %+.1f %% (goal: at most +10)\n", 100 * (median(busy) / median(quiet) - 1),
              100 * (quantile(busy, 0.99) / quantile(quiet, 0.99) - 1));
}

int run(const std::map<std::string, std::string>& flags) {
  const auto number = [&](const char* name, int otherwise) {
    const auto it = flags.find(name);
    return it == flags.end() ? otherwise : std::atoi(it->second.c_str());
  };
  const auto beside = std::filesystem::canonical("/proc/self/exe").parent_path().parent_path() / "twolane";
  const std::string twolane = flags.contains("twolane") ? flags.at("twolane") : beside.string();
  std::string directory = (flags.contains("directory") ? flags.at("directory") : std::string("/var/tmp")) + "/twolane-bench-XXXXXX";
  if (!::mkdtemp(directory.data())) give_up("cannot make " + directory);
  const bool all = !flags.contains("start") && !flags.contains("accept") && !flags.contains("drain");
  const int requests = number("requests", 50'000);
  if (all || flags.contains("start")) start_to_ready(twolane, directory, number("rounds", 10));
  if (all || flags.contains("accept")) accepting(twolane, directory, number("rounds", 5), requests);
  if (all || flags.contains("drain")) {
    pin(1);
    Load::start_provider();
    draining(twolane, directory, number("rounds", 2), requests, number("rate", 500));
  }
  std::filesystem::remove_all(directory);
  return 0;
}

}  // namespace
}  // namespace bench

int main(int count, char** arguments) {
  ::signal(SIGPIPE, SIG_IGN);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  return bench::run(bench::flags_of(count, arguments));
}
