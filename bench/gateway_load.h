// A provider and its clients on one epoll of one thread: the load of the gateway's benchmarks.
//
// The provider answers at once, in the words of the path that it was asked at; a stream is 20 events, one
// each 10 ms. Clients run in a closed loop, or open with Poisson arrivals. One at a time in a process.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace bench {

using Clock = std::chrono::steady_clock;
using std::chrono::duration;
using std::chrono::microseconds;

constexpr int sse_chunks = 20;
constexpr auto sse_pace = std::chrono::milliseconds(10);

// What a client asks for.
struct Asked {
  bool stream = false;
  std::string model = "gpt-4.1-mini", key = "tl-key";
  std::string more;  // header lines
};

inline std::string request_text(const Asked& asked) {
  const std::string body = "{\"model\":\"" + asked.model + "\"," + (asked.stream ? "\"stream\":true," : "") +
                           "\"max_tokens\":256,\"messages\":[{\"role\":\"user\",\"content\":\"" +
                           std::string(4000, 'x') + "\"}]}";
  return "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " + asked.key +
         "\r\nContent-Type: application/json\r\nAccept: application/json\r\nUser-Agent: OpenAI/Python 2.0\r\n"
         "X-Stainless-Lang: python\r\nX-Stainless-Runtime: CPython\r\n" + asked.more + "Content-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

inline std::string answer_body() {
  return "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"gpt-4.1-mini\",\"choices\":"
         "[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"" + std::string(700, 'y') +
         "\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":175,\"total_tokens\":1175,"
         "\"prompt_tokens_details\":{\"cached_tokens\":0}},\"service_tier\":\"default\"}";
}

// The same in Anthropic's words.
inline std::string message_body() {
  return "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-haiku-4-5\",\"content\":"
         "[{\"type\":\"text\",\"text\":\"" + std::string(700, 'y') +
         "\"}],\"stop_reason\":\"end_turn\",\"stop_sequence\":null,\"usage\":{\"input_tokens\":1000,\"output_tokens\":175,"
         "\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,\"service_tier\":\"standard\"}}";
}

inline std::string answer_text(const std::string& body) {
  return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nx-request-id: req_1\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

inline std::string chunked(const std::string& text) {
  char length[16];
  std::snprintf(length, sizeof length, "%zx\r\n", text.size());
  return length + text + "\r\n";
}

inline std::string event_text() {
  return chunked("data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"gpt-4.1-mini\","
                 "\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" + std::string(90, 'z') + "\"},\"finish_reason\":null}]}\n\n");
}

// Provider and clients on one epoll.
class Load {
 public:
  explicit Load(const Asked& asked) : request_(request_text(asked)), stream_(asked.stream) {}

  // The provider, for all loads of this process.
  inline static int provider_port = 0;
  static void start_provider() {
    listener_fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(listener_fd, reinterpret_cast<sockaddr*>(&at), sizeof at);
    ::listen(listener_fd, 4096);
    socklen_t length = sizeof at;
    ::getsockname(listener_fd, reinterpret_cast<sockaddr*>(&at), &length);
    provider_port = ntohs(at.sin_port);
    epoll = ::epoll_create1(EPOLL_CLOEXEC);
    watch(listener_fd, nullptr);
  }

  struct Result {
    int64_t requests = 0, errors = 0;
    std::string first_error;  // an answer that is not 200
    std::vector<double> latencies_us;
  };

  // `rate` 0: closed loop over `connections`; else Poisson arrivals a second, latency from the
  // scheduled time. `over`, where given, ends it sooner.
  Result run(int port, int connections, double seconds, double rate, const std::atomic<bool>* over = nullptr) {
    result_ = {};
    open(port, connections);
    const auto begin = Clock::now();
    const auto end = begin + std::chrono::duration_cast<Clock::duration>(duration<double>(seconds));
    next_ = begin;
    rate_ = rate;
    if (rate == 0)
      for (auto& c : clients_) send(*c, Clock::now());
    while (Clock::now() < end && !(over && over->load())) turn(end);
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
  inline static uint64_t last_serial = 0;
  struct Peer {
    int fd = -1;
    bool client = false;
    std::string in;
    size_t need = 0;  // bytes of the whole message, once known; 0: not known
    bool chunks = false, busy = false;
    Clock::time_point asked;
    int left = 0;     // events still to be sent
    uint64_t serial = ++last_serial;  // descriptors are used again, serials are not
  };

  inline static int listener_fd = -1, epoll = -1;
  inline static std::map<int, std::unique_ptr<Peer>> provider_;
  struct Paced {
    Clock::time_point at;
    int fd;
    uint64_t serial;
  };
  inline static std::deque<Paced> paced_;

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
      peer->fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
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
    if (!paced_.empty()) wake = std::min(wake, paced_.front().at);
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
    while (!paced_.empty() && paced_.front().at <= now) {
      const Paced due = paced_.front();
      paced_.pop_front();
      const auto it = provider_.find(due.fd);
      if (it != provider_.end() && it->second->serial == due.serial) event(*it->second, now);
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
      const int fd = ::accept4(listener_fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
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
    const bool message = p.in.starts_with("POST /v1/messages");
    p.in.clear();
    p.need = 0;
    if (!stream_) {
      static const std::string chat = answer_text(answer_body()), other = answer_text(message_body());
      const std::string& answer = message ? other : chat;
      if (::write(p.fd, answer.data(), answer.size()) < 0) ++result_.errors;
      return;
    }
    static const std::string head =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    if (::write(p.fd, head.data(), head.size()) < 0) ++result_.errors;
    p.left = sse_chunks;
    paced_.push_back({Clock::now() + sse_pace, p.fd, p.serial});
  }

  void event(Peer& p, Clock::time_point now) {
    static const std::string piece = event_text(), last = chunked("data: [DONE]\n\n") + "0\r\n\r\n";
    const std::string& text = --p.left > 0 ? piece : last;
    if (::write(p.fd, text.data(), text.size()) < 0) ++result_.errors;
    if (p.left > 0) paced_.push_back({now + sse_pace, p.fd, p.serial});
  }

  void ended(Peer& c) {
    if (!c.in.starts_with("HTTP/1.1 200")) {
      ++result_.errors;
      if (result_.first_error.empty()) result_.first_error = c.in.substr(0, 1000);
    }
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

}  // namespace bench
