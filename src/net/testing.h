// For tests of this room: calls that are waited for, a peer that does whatever a script says, a
// certificate.
//
// Everything runs on the loop of one world; nothing sleeps.
#pragma once

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/asio.h"
#include "net/event_loop.h"
#include "net/loop_world.h"

namespace twolane::net::testing {

inline LoopWorld::Settings quick() {
  LoopWorld::Settings settings;
  settings.sweep = milliseconds(5);
  settings.proxy_from_environment = false;
  return settings;
}

inline wire::HttpCall get(std::string url) {
  wire::HttpCall call;
  call.url = std::move(url);
  return call;
}

inline wire::HttpCall post(std::string url, wire::Body body) {
  wire::HttpCall call = get(std::move(url));
  call.method = "POST";
  call.body = std::move(body);
  return call;
}

inline wire::HttpResult fetch(LoopWorld& world, wire::HttpCall call) {
  std::optional<wire::HttpResult> heard;
  world.call(std::move(call), [&heard](wire::HttpResult result) { heard = std::move(result); });
  world.run_until([&heard] { return heard.has_value(); });
  return std::move(*heard);
}

// "200 text" of a reply, "not sent: ..." or "sent: ..." of a failure.
inline std::string shown(const wire::HttpResult& result) {
  if (const auto* failure = result.failure())
    return (failure->sent ? "sent: " : "not sent: ") + failure->message;
  return std::to_string(result.reply()->status) + ' ' + result.reply()->body.text().value();
}

// What the peer does with one request: reads it whole (unless `read` is 0: nothing; or n: n bytes
// only), says `reply` in pieces of `piece` bytes, each only when the other side had its turn, then
// ends.
struct Turn {
  std::string reply = {};
  size_t piece = 1 << 20;
  enum End : uint8_t { keep, close, reset, hang } end = keep;
  int64_t read = -1;
  size_t cut = 0;  // the first piece, where it is to be another
};

// A listener; connection number i plays scripts[i] (the last script for all after).
class RawPeer {
 public:
  using Script = std::vector<Turn>;

  RawPeer(LoopWorld& world, std::vector<Script> scripts)
      : state_(std::make_shared<State>(world.loop(), std::move(scripts))) {
    Acceptor& acceptor = state_->acceptor;
    acceptor.open(Tcp::v4());
    acceptor.set_option(Acceptor::reuse_address(true));
    acceptor.bind({asio::ip::address_v4::loopback(), 0});
    acceptor.listen();
    port_ = acceptor.local_endpoint().port();
    world.loop().spawn(accept(state_));
  }
  ~RawPeer() {
    state_->over = true;
    state_->acceptor.close();
    for (auto& socket : state_->sockets) socket->close();
    state_->ended.set();
  }

  std::string url(const std::string& target = "/") const {
    return "http://127.0.0.1:" + std::to_string(port_) + target;
  }
  uint16_t port() const { return port_; }
  const std::vector<std::string>& requests() const { return state_->requests; }
  size_t connections() const { return state_->sockets.size(); }

 private:
  struct State {
    State(EventLoop& l, std::vector<Script> s)
        : loop(l), scripts(std::move(s)), acceptor(l.io()), ended(l) {}
    EventLoop& loop;
    std::vector<Script> scripts;
    Acceptor acceptor;
    Signal ended;
    std::vector<std::shared_ptr<Socket>> sockets;
    std::vector<std::string> requests;
    bool over = false;
  };
  using Shared = std::shared_ptr<State>;

  static Awaitable<void> accept(Shared state) {
    while (!state->over) {
      auto [failed, socket] = co_await state->acceptor.async_accept(as_result);
      if (failed || state->over) break;
      socket.set_option(Tcp::no_delay(true));
      const size_t number = state->sockets.size();
      state->sockets.push_back(std::make_shared<Socket>(std::move(socket)));
      const Script& script = state->scripts[std::min(number, state->scripts.size() - 1)];
      state->loop.spawn(play(state, state->sockets.back(), script));
    }
  }

  // Lets everything that is due, and what follows from it, run.
  static Awaitable<void> others_turn(Shared state) {
    for (int i = 0; i < 8; ++i) co_await asio::post(state->loop.io().get_executor(), as_result);
  }

  static Awaitable<bool> read_request(Shared state, std::shared_ptr<Socket> socket, int64_t limit) {
    std::string text;
    size_t need = limit >= 0 ? static_cast<size_t>(limit) : 0;
    char block[4096];
    for (;;) {
      const size_t head = text.find("\r\n\r\n");
      if (limit < 0 && head != text.npos && need == 0) {
        need = head + 4;
        const size_t length = text.find("Content-Length: ");
        if (length < head) need += std::stoul(text.substr(length + 16));
      }
      if ((need > 0 || limit >= 0) && text.size() >= need) break;
      const size_t most = limit >= 0 ? std::min(sizeof block, need - text.size()) : sizeof block;
      auto [failed, n] = co_await socket->async_read_some(asio::buffer(block, most), as_result);
      if (failed) co_return false;
      text.append(block, n);
    }
    state->requests.push_back(std::move(text));
    co_return true;
  }

  static Awaitable<void> play(Shared state, std::shared_ptr<Socket> socket, Script script) {
    for (const Turn& turn : script) {
      if (turn.read != 0) {
        const bool whole = co_await read_request(state, socket, turn.read);
        if (!whole) co_return;
      }
      size_t at = 0;
      while (at < turn.reply.size()) {
        const size_t most = at == 0 && turn.cut > 0 ? turn.cut : turn.piece;
        const size_t n = std::min(most, turn.reply.size() - at);
        auto [failed, done] =
            co_await asio::async_write(*socket, asio::buffer(turn.reply.data() + at, n), as_result);
        if (failed) co_return;
        at += done;
        co_await others_turn(state);
      }
      if (turn.end == Turn::hang) co_await state->ended.wait();
      if (turn.end == Turn::keep) continue;
      ErrorCode ignored;
      if (turn.end == Turn::reset) socket->set_option(asio::socket_base::linger(true, 0), ignored);
      socket->close(ignored);
      co_return;
    }
    co_await state->ended.wait();
  }

  Shared state_;
  uint16_t port_ = 0;
};

// A client that says exactly what it is told, and hears whatever comes.
class RawClient {
 public:
  RawClient(LoopWorld& world, uint16_t port)
      : world_(world), state_(std::make_shared<State>(world.loop())) {
    state_->socket.connect({asio::ip::address_v4::loopback(), port});
    state_->socket.set_option(Tcp::no_delay(true));
    world.loop().spawn(read(state_));
  }
  ~RawClient() { close(); }

  // In pieces of `piece` bytes, each only when the other side had its turn.
  void say(std::string text, size_t piece = 1 << 20) {
    const auto said =
        std::make_shared<bool>(false);  // an exception may end this before the writing
    world_.loop().spawn(write(state_, std::move(text), piece, said));
    world_.run_until([&said] { return *said; });
  }
  // Runs the world until the server said `text` or closed; returns all that it said since the last
  // time.
  std::string hear_until(std::string_view text) {
    world_.run_until([&] { return state_->closed || state_->heard.contains(text); });
    return std::exchange(state_->heard, {});
  }
  std::string hear_all() {
    world_.run_until([&] { return state_->closed; });
    return std::exchange(state_->heard, {});
  }
  bool closed() const { return state_->closed; }
  void close() {
    ErrorCode ignored;
    state_->socket.close(ignored);
  }

 private:
  struct State {
    explicit State(EventLoop& l) : loop(l), socket(l.io()) {}
    EventLoop& loop;
    Socket socket;
    std::string heard;
    bool closed = false;
  };

  static Awaitable<void> read(std::shared_ptr<State> state) {
    char block[4096];
    for (;;) {
      auto [failed, n] = co_await state->socket.async_read_some(asio::buffer(block), as_result);
      if (failed) break;
      state->heard.append(block, n);
    }
    state->closed = true;
  }
  static Awaitable<void> write(std::shared_ptr<State> state, std::string text, size_t piece,
                               std::shared_ptr<bool> said) {
    for (size_t at = 0; at < text.size(); at += piece) {
      const size_t n = std::min(piece, text.size() - at);
      auto [failed, done] =
          co_await asio::async_write(state->socket, asio::buffer(text.data() + at, n), as_result);
      if (failed) break;
      for (int i = 0; i < 8; ++i) co_await asio::post(state->loop.io().get_executor(), as_result);
    }
    *said = true;
  }

  LoopWorld& world_;
  std::shared_ptr<State> state_;
};

struct Certificate {
  std::string certificate_pem, key_pem;
};

// Self-signed, valid for an hour, for `names` as OpenSSL writes them
// ("IP:127.0.0.1,DNS:localhost").
inline Certificate make_certificate(const std::string& names) {
  const auto text_of = [](auto write) {
    std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), BIO_free);
    write(bio.get());
    char* data = nullptr;
    const long length = BIO_get_mem_data(bio.get(), &data);
    return std::string(data, static_cast<size_t>(length));
  };
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  std::unique_ptr<X509, decltype(&X509_free)> x509(X509_new(), X509_free);
  X509* x = x509.get();
  X509_set_version(x, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
  X509_gmtime_adj(X509_getm_notBefore(x), -60);
  X509_gmtime_adj(X509_getm_notAfter(x), 3600);
  X509_set_pubkey(x, key.get());
  X509_NAME* name = X509_get_subject_name(x);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
  X509_set_issuer_name(x, name);
  X509_EXTENSION* extension =
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str());
  X509_add_ext(x, extension, -1);
  X509_EXTENSION_free(extension);
  X509_sign(x, key.get(), EVP_sha256());
  return {text_of([x](BIO* bio) { PEM_write_bio_X509(bio, x); }), text_of([&key](BIO* bio) {
            PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
          })};
}

// `size` bytes that depend on their place, made while they are read.
class Generated final : public wire::ByteSource {
 public:
  explicit Generated(int64_t size) : size_(size) {}
  static char at(int64_t offset) { return static_cast<char>((offset * 31 + offset / 251) & 0xff); }
  int64_t size() const override { return size_; }
  Result<size_t> read(int64_t offset, char* to, size_t length) const override {
    const auto n =
        static_cast<size_t>(std::clamp<int64_t>(size_ - offset, 0, static_cast<int64_t>(length)));
    for (size_t i = 0; i < n; ++i) to[i] = at(offset + static_cast<int64_t>(i));
    return n;
  }

 private:
  int64_t size_;
};

// Checks bytes as they come against Generated.
class Checker {
 public:
  Status take(std::string_view piece) {
    for (char c : piece)
      if (c != Generated::at(seen_++))
        return fail("test.bytes", "byte " + std::to_string(seen_ - 1));
    return {};
  }
  int64_t seen() const { return seen_; }

 private:
  int64_t seen_ = 0;
};

}  // namespace twolane::net::testing
