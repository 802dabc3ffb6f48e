// What a relayed request costs beside nginx and haproxy, in one run and in alternating rounds.
//
// usage: gateway_bench [TWOLANE [NGINX [HAPROXY]]]     (paths; "-" leaves one out; default: this build's
// twolane, and what is installed)
// Each proxy has processor 0 for itself; provider and load generator, both in this process, have
// processor 1. CPU per request is the run time of all threads of the proxy (schedstat) over the
// requests that ended. Twolane is measured twice in every round: the difference is the spread.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::duration;
using std::chrono::microseconds;

constexpr int sse_chunks = 20;
constexpr auto sse_pace = std::chrono::milliseconds(10);

std::string request_text(bool stream) {
  const std::string body = std::string("{\"model\":\"gpt-4.1-mini\",") + (stream ? "\"stream\":true," : "") +
                           "\"messages\":[{\"role\":\"user\",\"content\":\"" + std::string(4000, 'x') + "\"}]}";
  return "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer tl-key\r\n"
         "Content-Type: application/json\r\nAccept: application/json\r\nUser-Agent: OpenAI/Python 2.0\r\n"
         "X-Stainless-Lang: python\r\nX-Stainless-Runtime: CPython\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string answer_text() {
  const std::string body =
      "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"gpt-4.1-mini\",\"choices\":"
      "[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"" + std::string(700, 'y') +
      "\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":175,\"total_tokens\":1175,"
      "\"prompt_tokens_details\":{\"cached_tokens\":0}},\"service_tier\":\"default\"}";
  return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nx-request-id: req_1\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string chunked(const std::string& text) {
  char length[16];
  std::snprintf(length, sizeof length, "%zx\r\n", text.size());
  return length + text + "\r\n";
}

std::string event_text() {
  return chunked("data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"gpt-4.1-mini\","
                 "\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" + std::string(90, 'z') + "\"},\"finish_reason\":null}]}\n\n");
}

// Provider and clients on one epoll.
class Load {
 public:
  explicit Load(bool stream) : request_(request_text(stream)), stream_(stream) {}

  // The provider, for all loads of this process.
  static int provider_port;
  static void start_provider() {
    listener_fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(listener_fd, reinterpret_cast<sockaddr*>(&at), sizeof at);
    ::listen(listener_fd, 4096);
    socklen_t length = sizeof at;
    ::getsockname(listener_fd, reinterpret_cast<sockaddr*>(&at), &length);
    provider_port = ntohs(at.sin_port);
    epoll = ::epoll_create1(0);
    watch(listener_fd, nullptr);
  }

  struct Result {
    int64_t requests = 0, errors = 0;
    std::vector<double> latencies_us;
  };

  // `rate` 0: closed loop over `connections`; else Poisson arrivals a second, latency from the
  // scheduled time.
  Result run(int port, int connections, double seconds, double rate) {
    result_ = {};
    open(port, connections);
    const auto begin = Clock::now();
    const auto end = begin + std::chrono::duration_cast<Clock::duration>(duration<double>(seconds));
    next_ = begin;
    rate_ = rate;
    if (rate == 0)
      for (auto& c : clients_) send(*c, Clock::now());
    while (Clock::now() < end) turn(end);
    for (auto& c : clients_) ::close(c->fd);
    gone_.splice(gone_.end(), clients_list());
    clients_.clear();
    idle_.clear();
    return std::move(result_);
  }

  int open_idle(int port, int connections) {  // each has served one request
    open(port, connections);
    for (auto& c : clients_) send(*c, Clock::now());
    const auto end = Clock::now() + std::chrono::seconds(20);
    while (result_.requests < connections && Clock::now() < end) turn(end);
    return static_cast<int>(result_.requests);
  }
  void close_idle() {
    for (auto& c : clients_) ::close(c->fd);
    clients_.clear();
    idle_.clear();
  }

 private:
  struct Peer {
    int fd = -1;
    bool client = false;
    std::string in;
    size_t need = 0;  // bytes of the whole message, once known; 0: not known
    bool chunks = false, busy = false;
    Clock::time_point asked;
    int left = 0;     // events still to be sent
  };

  static int listener_fd, epoll;
  static std::map<int, std::unique_ptr<Peer>> provider_;
  static std::deque<std::pair<Clock::time_point, int>> paced_;

  static void watch(int fd, void* peer) {
    epoll_event e{};
    e.events = EPOLLIN;
    e.data.ptr = peer;
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e);
  }

  void open(int port, int connections) {
    for (int i = 0; i < connections; ++i) {
      auto peer = std::make_unique<Peer>();
      peer->client = true;
      peer->fd = ::socket(AF_INET, SOCK_STREAM, 0);
      sockaddr_in at{};
      at.sin_family = AF_INET;
      at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      at.sin_port = htons(static_cast<uint16_t>(port));
      if (::connect(peer->fd, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0) {
        std::perror("connect");
        std::exit(1);
      }
      const int one = 1;
      ::setsockopt(peer->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
      ::fcntl(peer->fd, F_SETFL, O_NONBLOCK);
      watch(peer->fd, peer.get());
      idle_.push_back(peer.get());
      clients_.push_back(std::move(peer));
    }
  }

  void send(Peer& c, Clock::time_point scheduled) {
    c.asked = scheduled;
    c.busy = true;
    c.in.clear();
    c.need = 0;
    if (::write(c.fd, request_.data(), request_.size()) != static_cast<ssize_t>(request_.size())) ++result_.errors;
  }

  static bool whole(Peer& p) {
    if (p.need == 0) {
      const size_t head = p.in.find("\r\n\r\n");
      if (head == p.in.npos) return false;
      p.chunks = p.in.find("chunked") < head;
      size_t length = p.in.find("ontent-Length: ");
      if (length > head) length = p.in.find("ontent-length: ");
      p.need = head + 4 + (length < head ? std::strtoul(p.in.c_str() + length + 15, nullptr, 10) : 0);
    }
    if (p.chunks) return p.in.size() > p.need && p.in.ends_with("0\r\n\r\n");
    return p.in.size() >= p.need;
  }

  void turn(Clock::time_point end) {
    auto wake = end;
    if (!paced_.empty()) wake = std::min(wake, paced_.front().first);
    if (rate_ > 0) wake = std::min(wake, next_);
    const auto wait = std::chrono::duration_cast<microseconds>(wake - Clock::now()).count();
    epoll_event events[256];
    timespec pause{wait > 0 ? wait / 1'000'000 : 0, wait > 0 ? wait % 1'000'000 * 1000 : 0};
    const int n = ::epoll_pwait2(epoll, events, 256, &pause, nullptr);
    for (int i = 0; i < n; ++i) {
      auto* peer = static_cast<Peer*>(events[i].data.ptr);
      if (!peer) accept();
      else read(*peer);
    }
    const auto now = Clock::now();
    while (!paced_.empty() && paced_.front().first <= now) {
      const int fd = paced_.front().second;
      paced_.pop_front();
      if (const auto it = provider_.find(fd); it != provider_.end()) event(*it->second, now);
    }
    while (rate_ > 0 && next_ <= now) {
      const auto scheduled = next_;
      next_ += std::chrono::duration_cast<Clock::duration>(duration<double>(gaps_(random_) / rate_));
      if (idle_.empty()) {
        ++result_.errors;
        continue;
      }
      Peer* c = idle_.back();
      idle_.pop_back();
      send(*c, scheduled);
    }
  }

  static void accept() {
    for (;;) {
      const int fd = ::accept4(listener_fd, nullptr, nullptr, SOCK_NONBLOCK);
      if (fd < 0) return;
      const int one = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
      auto peer = std::make_unique<Peer>();
      peer->fd = fd;
      watch(fd, peer.get());
      provider_[fd] = std::move(peer);
    }
  }

  void read(Peer& p) {
    char block[65536];
    const ssize_t n = ::read(p.fd, block, sizeof block);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) {
      if (p.client) {
        ::epoll_ctl(epoll, EPOLL_CTL_DEL, p.fd, nullptr);
        ++result_.errors;
      } else {
        ::close(p.fd);
        provider_.erase(p.fd);
      }
      return;
    }
    p.in.append(block, static_cast<size_t>(n));
    if (!whole(p)) return;
    if (p.client) return ended(p);
    p.in.clear();
    p.need = 0;
    if (!stream_) {
      static const std::string answer = answer_text();
      if (::write(p.fd, answer.data(), answer.size()) < 0) ++result_.errors;
      return;
    }
    static const std::string head =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    if (::write(p.fd, head.data(), head.size()) < 0) ++result_.errors;
    p.left = sse_chunks;
    paced_.emplace_back(Clock::now() + sse_pace, p.fd);
  }

  void event(Peer& p, Clock::time_point now) {
    static const std::string piece = event_text(), last = chunked("data: [DONE]\n\n") + "0\r\n\r\n";
    const std::string& text = --p.left > 0 ? piece : last;
    if (::write(p.fd, text.data(), text.size()) < 0) ++result_.errors;
    if (p.left > 0) paced_.emplace_back(now + sse_pace, p.fd);
  }

  void ended(Peer& c) {
    if (!c.in.starts_with("HTTP/1.1 200")) ++result_.errors;
    ++result_.requests;
    c.busy = false;
    if (rate_ > 0) {
      result_.latencies_us.push_back(duration<double, std::micro>(Clock::now() - c.asked).count());
      idle_.push_back(&c);
    } else if (!hold_) {
      send(c, Clock::now());
    }
  }

 public:
  bool hold_ = false;  // one request per connection

 private:
  std::list<std::unique_ptr<Peer>> clients_list() {
    std::list<std::unique_ptr<Peer>> all;
    for (auto& c : clients_) all.push_back(std::move(c));
    return all;
  }

  std::string request_;
  bool stream_;
  Result result_;
  double rate_ = 0;
  Clock::time_point next_;
  std::exponential_distribution<double> gaps_{1.0};
  std::mt19937_64 random_{1};
  std::vector<std::unique_ptr<Peer>> clients_;
  std::list<std::unique_ptr<Peer>> gone_;  // epoll may still speak of them
  std::vector<Peer*> idle_;
};
int Load::provider_port = 0, Load::listener_fd = -1, Load::epoll = -1;
std::map<int, std::unique_ptr<Load::Peer>> Load::provider_;
std::deque<std::pair<Clock::time_point, int>> Load::paced_;

// --- proxies

struct Proxy {
  std::string name;
  int port = 0;
  std::vector<pid_t> pids;  // their run time is counted
};

void pin(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  ::sched_setaffinity(0, sizeof set, &set);
}

pid_t start(std::vector<std::string> words, const std::map<std::string, std::string>& environment,
            const std::string& log) {
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  pin(0);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  ::dup2(out, 1);
  ::dup2(out, 2);
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  ::execv(arguments[0], arguments.data());
  std::perror(arguments[0]);
  ::_exit(1);
}

void write_file(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

bool accepts(int port) {
  for (int i = 0; i < 100; ++i) {
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

std::vector<pid_t> with_children(pid_t pid) {
  std::vector<pid_t> all = {pid};
  std::ifstream in("/proc/" + std::to_string(pid) + "/task/" + std::to_string(pid) + "/children");
  for (pid_t child; in >> child;) all.push_back(child);
  return all;
}

int64_t run_time_ns(const Proxy& proxy) {
  int64_t sum = 0;
  for (const pid_t pid : proxy.pids)
    for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
      int64_t ns = 0;
      std::ifstream(task.path() / "schedstat") >> ns;
      sum += ns;
    }
  return sum;
}

int64_t pss_kb(const Proxy& proxy) {
  int64_t sum = 0;
  for (const pid_t pid : proxy.pids) {
    std::ifstream in("/proc/" + std::to_string(pid) + "/smaps_rollup");
    for (std::string line; std::getline(in, line);)
      if (line.starts_with("Pss:")) sum += std::atoll(line.c_str() + 4);
  }
  return sum;
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  return values[values.size() / 2];
}

class Bench {
 public:
  Bench(std::string twolane, std::string nginx, std::string haproxy, std::string directory)
      : directory_(std::move(directory)) {
    const std::string provider = "127.0.0.1:" + std::to_string(Load::provider_port);
    if (nginx != "-") {
      write_file(directory_ + "/nginx.conf",
                 "daemon off; worker_processes 1; error_log stderr crit; pid " + directory_ + "/nginx.pid;\n"
                 "events { worker_connections 16384; }\nhttp { access_log off; keepalive_requests 1000000000;\n"
                 "client_body_temp_path " + directory_ + "; proxy_temp_path " + directory_ + "; fastcgi_temp_path " +
                     directory_ + "; uwsgi_temp_path " + directory_ + "; scgi_temp_path " + directory_ + ";\n"
                 "client_body_buffer_size 64k;\nupstream p { server " + provider +
                     "; keepalive 4096; keepalive_requests 1000000000; }\n"
                 "server { listen 127.0.0.1:18081; location / { proxy_pass http://p; proxy_http_version 1.1;\n"
                 "proxy_set_header Connection \"\"; proxy_buffering off; } } }\n");
      add("nginx", 18081, start({nginx, "-p", directory_, "-c", directory_ + "/nginx.conf"}, {}, directory_ + "/nginx.log"));
    }
    if (haproxy != "-") {
      write_file(directory_ + "/haproxy.cfg",
                 "global\n nbthread 1\n maxconn 9000\ndefaults\n mode http\n timeout connect 5s\n timeout client 60s\n"
                 " timeout server 60s\n http-reuse always\nfrontend f\n bind 127.0.0.1:18082\n default_backend b\n"
                 "backend b\n server s " + provider + "\n");
      add("haproxy", 18082, start({haproxy, "-db", "-f", directory_ + "/haproxy.cfg"}, {}, directory_ + "/haproxy.log"));
    }
    const std::map<std::string, std::string> environment = {
        {"OPENAI_BASE_URL", "http://" + provider + "/v1"}, {"OPENAI_API_KEY", "k"}, {"TWOLANE_HOME", directory_ + "/home"}};
    add("twolane", 18083, start({twolane, "serve", "--listen", "127.0.0.1:18083", "--threads", "1", "--access-log", "off"}, environment, directory_ + "/twolane.log"));
  }
  ~Bench() {
    for (const Proxy& proxy : proxies_) {
      ::kill(proxy.pids.front(), SIGTERM);
      ::waitpid(proxy.pids.front(), nullptr, 0);
    }
  }

  void closed_loop(bool stream, int connections, int rounds, double seconds) {
    std::map<std::string, std::vector<double>> cost;
    int64_t errors = 0;
    for (int round = 0; round < rounds; ++round)
      for (const Proxy* proxy : order()) {
        Load load(stream);
        const int64_t before = run_time_ns(*proxy);
        const auto result = load.run(proxy->port, connections, seconds, 0);
        const int64_t spent = run_time_ns(*proxy) - before;
        errors += result.errors;
        const double units = static_cast<double>(result.requests) * (stream ? sse_chunks : 1);
        cost[label(*proxy)].push_back(static_cast<double>(spent) / 1000 / std::max(1.0, units));
      }
    std::printf("%s, %d connections: CPU us per %s, median of %d x %.1f s (errors: %lld)\n",
                stream ? "SSE, 20 events at 10 ms" : "4 KB in, 1 KB out", connections, stream ? "event" : "request",
                rounds, seconds, static_cast<long long>(errors));
    const double own = median(cost["twolane"]);
    for (const auto& [name, values] : cost)
      std::printf("  %-16s %7.2f   twolane is %.2f of it\n", name.c_str(), median(values), own / median(values));
  }

  void open_loop(double rate, int rounds, double seconds) {
    std::map<std::string, std::vector<double>> p50;
    for (int round = 0; round < rounds; ++round) {
      const auto take = [&](const std::string& name, int port) {
        Load load(false);
        const auto result = load.run(port, 64, seconds, rate);
        p50[name].push_back(median(result.latencies_us));
      };
      take("direct", Load::provider_port);
      for (const Proxy* proxy : order()) take(label(*proxy), proxy->port);
    }
    const double direct = median(p50["direct"]);
    std::printf("open loop, %.0f requests/s: added p50, us (direct %.0f)\n", rate, direct);
    for (const auto& [name, values] : p50)
      if (name != "direct") std::printf("  %-16s %7.0f\n", name.c_str(), median(values) - direct);
  }

  void idle_memory(int connections) {
    std::printf("%d idle connections that served one request each: bytes per connection\n", connections);
    for (const Proxy& proxy : proxies_) {
      Load load(false);
      load.hold_ = true;
      const int64_t before = pss_kb(proxy);
      load.open_idle(proxy.port, connections);
      ::usleep(600'000);
      std::printf("  %-16s %7lld   (%lld KB before)\n", proxy.name.c_str(),
                  static_cast<long long>((pss_kb(proxy) - before) * 1024 / connections), static_cast<long long>(before));
      load.close_idle();
    }
  }

 private:
  void add(const std::string& name, int port, pid_t pid) {
    if (!accepts(port)) {
      std::fprintf(stderr, "%s does not start: see %s\n", name.c_str(), directory_.c_str());
      std::exit(1);
    }
    proxies_.push_back({name, port, with_children(pid)});
  }
  // Twolane first and last: what differs between the two is noise.
  std::vector<const Proxy*> order() {
    std::vector<const Proxy*> all = {&proxies_.back()};
    for (const Proxy& proxy : proxies_) all.push_back(&proxy);
    seen_ = 0;
    return all;
  }
  std::string label(const Proxy& proxy) {
    if (proxy.name != "twolane") return proxy.name;
    return seen_++ % 2 == 0 ? "twolane" : "twolane (again)";
  }

  std::string directory_;
  std::vector<Proxy> proxies_;
  int seen_ = 0;
};

}  // namespace

// Where Debian's packages put it, or "-".
std::string installed(const char* name) {
  const std::string path = std::string("/usr/sbin/") + name;
  if (::access(path.c_str(), X_OK) == 0) return path;
  std::printf("%s is not installed (apt install %s): left out\n", name, name);
  return "-";
}

int main(int count, char** arguments) {
  const auto beside = std::filesystem::canonical("/proc/self/exe").parent_path().parent_path() / "twolane";
  const std::string twolane = count > 1 ? arguments[1] : beside.string();
  const std::string nginx = count > 2 ? arguments[2] : installed("nginx");
  const std::string haproxy = count > 3 ? arguments[3] : installed("haproxy");
  ::signal(SIGPIPE, SIG_IGN);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  pin(1);
  char directory[] = "/tmp/twolane-bench-XXXXXX";
  if (!::mkdtemp(directory)) return 1;
  Load::start_provider();
  {
    Bench bench(twolane, nginx, haproxy, directory);
    bench.closed_loop(false, 64, 3, 1.2);
    bench.closed_loop(true, 100, 3, 1.2);
    bench.open_loop(500, 3, 1.0);
    bench.open_loop(2000, 3, 1.0);
    bench.idle_memory(2000);
  }
  std::filesystem::remove_all(directory);
}
