// Calls against peers that answer in every possible way, and break off at every possible point.
#include "net/http_client.h"

#include <cstdlib>
#include <fstream>

#include "net/http_server.h"
#include "net/testing.h"

namespace twolane::net {
namespace {

using testing::fetch;
using testing::get;
using testing::post;
using testing::RawPeer;
using testing::shown;
using testing::Turn;
using Script = RawPeer::Script;

const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

std::string at(const RawPeer& peer) { return "127.0.0.1:" + std::to_string(peer.port()); }

// --- what a reply may look like

struct Case {
  const char* name;
  std::string reply;
  std::string shown;
  bool closes = false;
};

const std::vector<Case> replies = {
    {"length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello", "200 hello"},
    {"no body", "HTTP/1.1 204 No Content\r\n\r\n", "204 "},
    {"empty", "HTTP/1.1 429 Too Many\r\nContent-Length: 0\r\nRetry-After: 3\r\n\r\n", "429 "},
    {"chunked",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n02;x=y\r\nlo\r\n0\r\n\r\n",
     "200 hello"},
    {"trailers",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\nX-More: "
     "2\r\n\r\n",
     "200 hello"},
    {"informed first",
     "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 201 "
     "Created\r\n"
     "Content-Length: 1\r\n\r\n!",
     "201 !"},
    {"until close", "HTTP/1.1 200 OK\r\n\r\nhello", "200 hello", true},
    {"old", "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", "200 hello", true},
};

TEST(HttpClient, ReadsRepliesWhereverTheyAreSplit) {
  for (const Case& c : replies) {
    LoopWorld world(testing::quick());
    const Turn::End end = c.closes ? Turn::close : Turn::keep;
    Script kept;                  // one connection that answers every time
    std::vector<Script> closing;  // or one for each answer
    for (size_t cut = 1; cut < c.reply.size(); ++cut) {
      kept.push_back({.reply = c.reply, .end = end, .cut = cut});
      closing.push_back({kept.back()});
    }
    RawPeer peer(world, c.closes ? closing : std::vector<Script>{kept});
    for (size_t cut = 1; cut < c.reply.size(); ++cut)
      EXPECT_EQ(shown(fetch(world, get(peer.url()))), c.shown) << c.name << " cut at " << cut;
    EXPECT_EQ(peer.connections(), c.closes ? closing.size() : 1u) << c.name;
  }
}

TEST(HttpClient, ReadsRepliesByteByByte) {
  for (const Case& c : replies) {
    LoopWorld world(testing::quick());
    RawPeer peer(world,
                 {{{.reply = c.reply, .piece = 1, .end = c.closes ? Turn::close : Turn::keep}}});
    EXPECT_EQ(shown(fetch(world, get(peer.url()))), c.shown) << c.name;
  }
}

TEST(HttpClient, GivesHeadersAndSendsThem) {
  LoopWorld world(testing::quick());
  RawPeer peer(world, {{{.reply = replies[0].reply}}});
  auto call = post(peer.url("/v1/x?key=secret"), "{\"a\":1}");
  call.headers = {{"Authorization", "Bearer k"}, {"content-length", "99"}, {"Connection", "close"}};
  const auto result = fetch(world, call);
  ASSERT_TRUE(result.reply());
  EXPECT_EQ(wire::header(result.reply()->headers, "x-a"), "b");
  ASSERT_EQ(peer.requests().size(), 1u);
  EXPECT_EQ(peer.requests()[0], "POST /v1/x?key=secret HTTP/1.1\r\nHost: " + at(peer) +
                                    "\r\nAuthorization: Bearer k\r\nUser-Agent: twolane\r\n"
                                    "Content-Length: 7\r\n\r\n{\"a\":1}");
}

TEST(HttpClient, HeadHasNoBodyWhateverItsLengthSays) {
  LoopWorld world(testing::quick());
  RawPeer peer(world, {{{.reply = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"}, {.reply = ok}}});
  auto call = get(peer.url());
  call.method = "HEAD";
  EXPECT_EQ(shown(fetch(world, call)), "200 ");
  EXPECT_EQ(shown(fetch(world, get(peer.url()))), "200 ok");
  EXPECT_EQ(peer.connections(), 1u);
}

TEST(HttpClient, RepliesThatAreNotHttp) {
  const std::string in_head = " did not answer in HTTP: ";
  const std::vector<std::string> garbage = {
      "SSH-2.0-OpenSSH\r\n\r\n",
      "HTTP/1.1 abc OK\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nxx",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
      "HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'x'),
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(200'000, 'x'),
  };
  for (const std::string& reply : garbage) {
    LoopWorld world(testing::quick());
    RawPeer peer(world, {{{.reply = reply, .end = Turn::hang}}});
    EXPECT_TRUE(shown(fetch(world, get(peer.url()))).starts_with("sent: " + at(peer) + in_head))
        << reply.substr(0, 80);
  }
}

// --- broken connections, and whether the provider may have heard

TEST(HttpClient, TellsWhetherARequestMayHaveBeenHeard) {
  struct Broken {
    const char* name;
    Turn turn;
    std::string shown;
  };
  const std::string no_answer = " closed the connection without an answer",
                    within = " closed the connection within its answer";
  const std::vector<Broken> all = {
      {"whole request, closed", {.end = Turn::close}, "sent: @" + no_answer},
      {"whole request, reset", {.end = Turn::reset}, "sent: @ closed the connection"},
      {"first byte of the request",
       {.end = Turn::reset, .read = 1},
       "sent: @ closed the connection"},
      {"part of the head", {.reply = "HTTP/1.1 20", .end = Turn::close}, "sent: @" + within},
      {"head only",
       {.reply = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", .end = Turn::close},
       "sent: @" + within},
      {"part of the body",
       {.reply = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", .end = Turn::close},
       "sent: @" + within},
      {"part of a chunk",
       {.reply = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe",
        .end = Turn::close},
       "sent: @" + within},
      {"no last chunk",
       {.reply = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n",
        .end = Turn::close},
       "sent: @" + within},
      {"after 100",
       {.reply = "HTTP/1.1 100 Continue\r\n\r\n", .end = Turn::close},
       "sent: @" + within},
  };
  for (const Broken& b : all) {
    LoopWorld world(testing::quick());
    RawPeer peer(world, {{b.turn}});
    std::string expected = b.shown;
    expected.replace(expected.find('@'), 1, at(peer));
    EXPECT_EQ(shown(fetch(world, post(peer.url("/p?key=secret"), "{}"))), expected) << b.name;
    EXPECT_EQ(peer.connections(), 1u) << b.name;
  }
}

TEST(HttpClient, NothingWasSentWhereNoConnectionCameAbout) {
  LoopWorld world(testing::quick());
  std::string closed;
  {
    RawPeer peer(world, {{}});
    closed = at(peer);
  }
  EXPECT_EQ(shown(fetch(world, post("http://" + closed + "/p?key=secret", "{}"))),
            "not sent: " + closed + " refused the connection");
  EXPECT_TRUE(shown(fetch(world, get("http://no-such-host.invalid/x")))
                  .starts_with("not sent: no-such-host.invalid "));
  EXPECT_TRUE(
      shown(fetch(world, get("ftp://h/secret"))).starts_with("not sent: the address is not a URL"));
  auto call = get("http://" + closed);
  call.headers = {{"X-Key", "secret\r\nX-Other: 1"}};
  EXPECT_EQ(shown(fetch(world, call)), "not sent: the header X-Key holds a line end");
  call.headers = {};
  call.method = "GET /x";
  EXPECT_TRUE(shown(fetch(world, call)).starts_with("not sent: "));
}

TEST(HttpClient, AnswersLaterAlsoWhereItRefusesAtOnce) {
  LoopWorld world(testing::quick());
  bool heard = false;
  world.call(get("nonsense"), [&heard](wire::HttpResult) { heard = true; });
  EXPECT_FALSE(heard);
  world.run_until([&heard] { return heard; });
}

TEST(HttpClient, TimeoutsOfPeersThatNeverAnswer) {
  LoopWorld world(testing::quick());
  RawPeer silent(world, {{{.end = Turn::hang}}});
  auto call = post(silent.url("/p?key=secret"), "{}");
  call.timeout = milliseconds(150);
  EXPECT_EQ(shown(fetch(world, call)),
            "sent: " + at(silent) + " gave no whole answer within 150 ms");

  RawPeer deaf(world, {{{.end = Turn::hang, .read = 0}}});  // never reads: the handshake cannot end
  call = get("https://" + at(deaf));
  call.timeout = milliseconds(150);
  EXPECT_TRUE(shown(fetch(world, call)).starts_with("not sent: " + at(deaf)));
}

TEST(HttpClient, WithASinkTheTimeoutIsOfSilence) {
  LoopWorld world(testing::quick());
  const std::string reply = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc";
  RawPeer peer(world, {{{.reply = reply, .end = Turn::hang}}});
  auto call = get(peer.url());
  std::string seen;
  call.sink = [&seen](std::string_view piece) {
    seen += piece;
    return Status{};
  };
  call.timeout = milliseconds(150);
  EXPECT_EQ(shown(fetch(world, call)), "sent: " + at(peer) + " was silent for 150 ms");
  EXPECT_EQ(seen, "abc");
}

// --- reuse

TEST(HttpClient, UsesAConnectionAgain) {
  LoopWorld world(testing::quick());
  RawPeer peer(world, {{{.reply = ok}, {.reply = replies[4].reply}, {.reply = ok}}});
  EXPECT_EQ(shown(fetch(world, get(peer.url()))), "200 ok");
  EXPECT_EQ(shown(fetch(world, post(peer.url(), "x"))), "200 hello");
  EXPECT_EQ(shown(fetch(world, get(peer.url()))), "200 ok");
  EXPECT_EQ(peer.connections(), 1u);
}

TEST(HttpClient, DoesNotUseAConnectionThatTheReplyCloses) {
  LoopWorld world(testing::quick());
  RawPeer peer(world,
               {{{.reply = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"},
                 {.reply = ok}},
                {{.reply = ok + "HTTP/1.1 200 surplus"}, {.reply = ok}},
                {{.reply = ok}}});
  EXPECT_EQ(shown(fetch(world, get(peer.url()))), "200 ");
  EXPECT_EQ(shown(fetch(world, get(peer.url()))), "200 ok");
  EXPECT_EQ(shown(fetch(world, get(peer.url()))), "200 ok");
  EXPECT_EQ(peer.connections(), 3u);
}

TEST(HttpClient, NoticesThatAnUnusedConnectionWasClosed) {
  LoopWorld world(testing::quick());
  RawPeer peer(world, {{{.reply = ok, .end = Turn::close}}, {{.reply = ok}}});
  EXPECT_EQ(shown(fetch(world, get(peer.url()))), "200 ok");
  bool closed = false;  // give the peer's close its turn
  world.at(world.now() + milliseconds(2), [&closed] { closed = true; });
  world.run_until([&closed] { return closed; });
  EXPECT_EQ(shown(fetch(world, post(peer.url(), "x"))), "200 ok");
  EXPECT_EQ(peer.connections(), 2u);
}

// The peer closes after having read a request on a connection that was used before: it may have
// acted.
TEST(HttpClient, RepeatsOnceOnAFreshConnectionOnlyWhatIsHarmless) {
  const Script dies_at_the_second = {{.reply = ok}, {.end = Turn::close}};
  {
    LoopWorld world(testing::quick());
    RawPeer peer(world, {dies_at_the_second, {{.reply = ok}}});
    fetch(world, get(peer.url()));
    EXPECT_EQ(shown(fetch(world, get(peer.url()))), "200 ok");
    EXPECT_EQ(peer.connections(), 2u);
  }
  {
    LoopWorld world(testing::quick());
    RawPeer peer(world, {dies_at_the_second, {{.end = Turn::close}}});
    fetch(world, get(peer.url()));
    EXPECT_TRUE(shown(fetch(world, get(peer.url()))).starts_with("sent: "));
    EXPECT_EQ(peer.connections(), 2u);  // once only
  }
  for (const char* method : {"POST", "DELETE", "PUT", "PATCH"}) {
    LoopWorld world(testing::quick());
    RawPeer peer(world, {dies_at_the_second, {{.reply = ok}}});
    fetch(world, get(peer.url()));
    auto call = post(peer.url(), "x");
    call.method = method;
    EXPECT_EQ(shown(fetch(world, call)),
              "sent: " + at(peer) + " closed the connection without an answer");
    EXPECT_EQ(peer.connections(), 1u);
  }
  {  // a byte of an answer was heard: no repetition either
    LoopWorld world(testing::quick());
    RawPeer peer(world, {{{.reply = ok}, {.reply = "H", .end = Turn::close}}, {{.reply = ok}}});
    fetch(world, get(peer.url()));
    EXPECT_TRUE(shown(fetch(world, get(peer.url()))).starts_with("sent: "));
    EXPECT_EQ(peer.connections(), 1u);
  }
}

TEST(HttpClient, UnusedConnectionsAreClosedAfterAWhile) {
  auto settings = testing::quick();
  settings.idle_connection = milliseconds(10);
  LoopWorld world(settings);
  bool left = false;
  HttpServer server(world, {}, [](HttpRequest, Responder to) { to.reply({200, {}, "ok"}); });
  const auto port = server.listen("127.0.0.1", 0).value();
  fetch(world, get("http://127.0.0.1:" + std::to_string(port)));
  EXPECT_EQ(server.connections(), 1);
  left = world.run_until([&server] { return server.connections() == 0; });
  EXPECT_TRUE(left);
}

TEST(HttpClient, CallsBeyondTheLimitOfAnOriginWaitTheirTurn) {
  auto settings = testing::quick();
  settings.connections_per_origin = 3;
  LoopWorld world(settings);
  std::deque<Responder> asked;
  int64_t most = 0;
  HttpServer server(world, {}, [&](HttpRequest, Responder to) { asked.push_back(std::move(to)); });
  const std::string url =
      "http://127.0.0.1:" + std::to_string(server.listen("127.0.0.1", 0).value());
  int good = 0, late = 0;
  auto impatient = get(url);
  impatient.timeout = milliseconds(30);
  for (int i = 0; i < 40; ++i)
    world.call(get(url), [&good](wire::HttpResult r) { good += shown(r) == "200 ok"; });
  for (int i = 0; i < 5; ++i)
    world.call(impatient, [&late](wire::HttpResult r) {
      late += r.failure() && !r.failure()->sent;  // they never got a connection
    });
  world.run_until([&late] { return late == 5; });
  EXPECT_EQ(asked.size(), 3u);
  world.run_until([&] {
    most = std::max(most, server.connections());
    while (!asked.empty()) {
      asked.front().reply({200, {}, "ok"});
      asked.pop_front();
    }
    return good == 40;
  });
  EXPECT_EQ(most, 3);
}

// --- large bodies

int64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  int64_t total = 0, resident = 0;
  file >> total >> resident;
  return resident * 4096;
}

TEST(HttpClient, LargeBodiesPassThroughFlatMemory) {
  constexpr int64_t size = 100 << 20;
  LoopWorld world(testing::quick());
  int64_t received = 0;
  HttpServer server(world, {}, [&received](HttpRequest request, Responder to) {
    received = request.body.size();
    to.reply({200, {}, std::move(request.body)});  // what came goes back
  });
  const std::string url =
      "http://127.0.0.1:" + std::to_string(server.listen("127.0.0.1", 0).value());
  auto call = post(url, wire::Body(std::make_shared<testing::Generated>(size)));
  testing::Checker checker;
  const int64_t before = resident_bytes();
  int64_t peak = before;
  call.sink = [&](std::string_view piece) {
    if (checker.seen() % (1 << 20) < 4096) peak = std::max(peak, resident_bytes());
    return checker.take(piece);
  };
  EXPECT_EQ(shown(fetch(world, call)), "200 ");
  EXPECT_EQ(received, size);
  EXPECT_EQ(checker.seen(), size);
  EXPECT_LT(peak - before, 24 << 20);
}

TEST(HttpClient, BodiesOfSeveralPiecesKeepTheirOrder) {
  LoopWorld world(testing::quick());
  std::string received;
  HttpServer server(world, {}, [&received](HttpRequest request, Responder to) {
    received = request.body.text().value();
    to.reply({200, {}, {}});
  });
  wire::Body body("head ");
  body.append(std::make_shared<testing::Generated>(300'000));
  body.append("");
  body.append(" tail");
  const std::string url =
      "http://127.0.0.1:" + std::to_string(server.listen("127.0.0.1", 0).value());
  EXPECT_EQ(shown(fetch(world, post(url, body))), "200 ");
  EXPECT_EQ(received, body.text().value());
}

TEST(HttpClient, AnErrorOfTheSinkEndsTheCall) {
  LoopWorld world(testing::quick());
  RawPeer peer(world, {{{.reply = replies[3].reply}}, {{.reply = ok}}});
  auto call = get(peer.url());
  int pieces = 0;
  call.sink = [&pieces](std::string_view) -> Status {
    ++pieces;
    return fail("disk.full", "the disk is full");
  };
  EXPECT_EQ(shown(fetch(world, call)), "sent: the disk is full");
  EXPECT_EQ(pieces, 1);
  EXPECT_EQ(shown(fetch(world, get(peer.url()))), "200 ok");
  EXPECT_EQ(peer.connections(), 2u);  // the other one was closed
}

TEST(HttpClient, OnlyGoodRepliesGoToTheSink) {
  LoopWorld world(testing::quick());
  RawPeer peer(world, {{{.reply = "HTTP/1.1 404 No\r\nContent-Length: 4\r\n\r\ngone"}}});
  auto call = get(peer.url());
  call.sink = [](std::string_view) { return Status(fail("test", "not for the sink")); };
  EXPECT_EQ(shown(fetch(world, call)), "404 gone");
}

TEST(HttpClient, BodiesWithoutASinkAreLimited) {
  auto settings = testing::quick();
  settings.body_limit = 4;
  LoopWorld world(settings);
  RawPeer peer(world,
               {{{.reply = replies[0].reply}}, {{.reply = replies[3].reply}}, {{.reply = ok}}});
  EXPECT_EQ(shown(fetch(world, get(peer.url()))), "sent: the body is larger than 4 bytes");
  EXPECT_EQ(shown(fetch(world, get(peer.url()))), "sent: the body is larger than 4 bytes");
  EXPECT_EQ(shown(fetch(world, get(peer.url()))), "200 ok");
}

class Broken final : public wire::ByteSource {
 public:
  explicit Broken(bool short_of) : short_(short_of) {}
  int64_t size() const override { return 1 << 20; }
  Result<size_t> read(int64_t offset, char* to, size_t length) const override {
    if (offset + static_cast<int64_t>(length) <= 512 << 10) {
      std::fill_n(to, length, 'x');
      return length;
    }
    if (short_) return 0;
    return fail("disk.read", "input/output error");
  }

 private:
  bool short_;
};

TEST(HttpClient, ABodyThatCannotBeReadFailsTheCall) {
  for (const bool short_of : {true, false}) {
    LoopWorld world(testing::quick());
    RawPeer peer(world, {{{.reply = ok}}});
    const auto result =
        fetch(world, post(peer.url(), wire::Body(std::make_shared<Broken>(short_of))));
    EXPECT_EQ(shown(result),
              "sent: the body for " + at(peer) + " cannot be read: " +
                  (short_of ? "the body is shorter than it said" : "input/output error"));
  }
}

// A refusal may come while the body is still on its way; then the rest is not sent.
TEST(HttpClient, HearsARefusalThatComesBeforeTheBodyWasSent) {
  LoopWorld world(testing::quick());
  RawPeer peer(world, {{{.reply = "HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig",
                         .end = Turn::hang,
                         .read = 1000}},
                       {{.reply = ok}}});
  const auto body = wire::Body(std::make_shared<testing::Generated>(100 << 20));
  EXPECT_EQ(shown(fetch(world, post(peer.url(), body))), "413 big");
  EXPECT_EQ(shown(fetch(world, get(peer.url()))), "200 ok");
  EXPECT_EQ(peer.connections(), 2u);
}

// --- redirects

std::string moved(int status, const std::string& to) {
  return "HTTP/1.1 " + std::to_string(status) + " Moved\r\nLocation: " + to +
         "\r\nContent-Length: 5\r\n\r\nmoved";
}

TEST(HttpClient, DownloadsFollowRedirectsAndKeysDoNot) {
  LoopWorld world(testing::quick());
  RawPeer there(world, {{{.reply = ok}}});
  RawPeer here(world, {{{.reply = moved(302, "/b?x=1")}, {.reply = moved(307, there.url("/c"))}}});
  auto call = get(here.url("/a"));
  call.headers = {{"Authorization", "Bearer k"}, {"x-api-key", "k"}, {"Accept", "*/*"}};
  std::string seen;
  call.sink = [&seen](std::string_view piece) {
    seen += piece;
    return Status{};
  };
  EXPECT_EQ(shown(fetch(world, call)), "200 ");
  EXPECT_EQ(seen, "ok");
  ASSERT_EQ(here.requests().size(), 2u);
  EXPECT_TRUE(here.requests()[1].starts_with("GET /b?x=1 "));
  EXPECT_TRUE(here.requests()[1].contains("Bearer k"));  // the same host may see it
  ASSERT_EQ(there.requests().size(), 1u);
  EXPECT_FALSE(there.requests()[0].contains("Bearer"));
  EXPECT_FALSE(there.requests()[0].contains("x-api-key"));
  EXPECT_TRUE(there.requests()[0].contains("Accept: */*"));
}

TEST(HttpClient, OtherRedirectsAreReplies) {
  LoopWorld world(testing::quick());
  RawPeer peer(world, {{{.reply = moved(302, "/b")}}});
  EXPECT_EQ(shown(fetch(world, get(peer.url()))), "302 moved");  // no sink
  const auto to_sink = [](wire::HttpCall call) {
    call.sink = [](std::string_view) { return Status{}; };
    return call;
  };
  RawPeer second(world, {{{.reply = moved(302, "/b")}}});
  EXPECT_EQ(shown(fetch(world, to_sink(post(second.url(), "x")))), "302 moved");
  RawPeer ring(world, {Script(9, {.reply = moved(301, "round")})});
  EXPECT_EQ(shown(fetch(world, to_sink(get(ring.url("/a/b"))))), "301 moved");
  ASSERT_EQ(ring.requests().size(), 4u);
  EXPECT_TRUE(ring.requests()[3].starts_with("GET /a/round "));
}

// --- TLS

class Tls : public ::testing::Test {
 protected:
  static std::string start(HttpServer& server, const char* host) {
    return std::string("https://") + host + ":" +
           std::to_string(server.listen("127.0.0.1", 0).value());
  }
  static HttpServer::Settings with(const testing::Certificate& certificate) {
    HttpServer::Settings settings;
    settings.certificate_pem = certificate.certificate_pem;
    settings.key_pem = certificate.key_pem;
    return settings;
  }
  static void echo(HttpRequest request, Responder to) {
    to.reply({200, {}, std::move(request.body)});
  }
};

TEST_F(Tls, SpeaksToATrustedServer) {
  const auto certificate = testing::make_certificate("IP:127.0.0.1,DNS:localhost");
  auto settings = testing::quick();
  settings.trusted_pem = certificate.certificate_pem;
  LoopWorld world(settings);
  HttpServer server(world, with(certificate), echo);
  for (const char* host : {"127.0.0.1", "localhost"}) {
    const std::string url = start(server, host);
    EXPECT_EQ(shown(fetch(world, post(url, "one"))), "200 one");
    EXPECT_EQ(shown(fetch(world, post(url, "two"))), "200 two");
  }
  EXPECT_EQ(server.connections(), 2);  // each was used twice
  const std::string url = start(server, "localhost");
  auto call = post(url, wire::Body(std::make_shared<testing::Generated>(5 << 20)));
  testing::Checker checker;
  call.sink = [&checker](std::string_view piece) { return checker.take(piece); };
  EXPECT_EQ(shown(fetch(world, call)), "200 ");
  EXPECT_EQ(checker.seen(), 5 << 20);
}

TEST_F(Tls, RefusesStrangersBeforeAnythingIsSent) {
  const auto certificate = testing::make_certificate("DNS:example.test");
  LoopWorld doubting(testing::quick());
  {
    int asked = 0;
    HttpServer server(doubting, with(certificate), [&](HttpRequest, Responder) { ++asked; });
    const auto result = fetch(doubting, post(start(server, "localhost"), "x"));
    EXPECT_TRUE(shown(result).starts_with("not sent: the certificate of localhost:"))
        << shown(result);
    EXPECT_TRUE(shown(result).contains("self-signed")) << shown(result);
    EXPECT_EQ(asked, 0);
  }
  auto settings = testing::quick();
  settings.trusted_pem = certificate.certificate_pem;
  LoopWorld trusting(settings);
  HttpServer server(trusting, with(certificate), echo);
  const auto result = fetch(trusting, post(start(server, "localhost"), "x"));  // another's name
  EXPECT_TRUE(shown(result).starts_with("not sent: ")) << shown(result);
  EXPECT_TRUE(shown(result).contains("certificate")) << shown(result);
}

TEST_F(Tls, APlainServerIsNoTlsServer) {
  LoopWorld world(testing::quick());
  RawPeer peer(world,
               {{{.reply = "HTTP/1.1 400 Bad Request\r\n\r\n", .end = Turn::close, .read = 1}}});
  const auto result = fetch(world, post("https://" + at(peer), "x"));
  EXPECT_TRUE(shown(result).starts_with("not sent: " + at(peer) + " failed at the TLS handshake"))
      << shown(result);
}

// --- proxies

class ThroughProxy : public ::testing::Test {
 protected:
  void SetUp() override { ::setenv("no_proxy", "", 1); }
  void TearDown() override {
    for (const char* name : {"http_proxy", "https_proxy", "no_proxy"}) ::unsetenv(name);
  }
  static LoopWorld::Settings settings() {
    auto s = testing::quick();
    s.proxy_from_environment = true;
    return s;
  }
};

// The world reads the environment when it is made, so the peer lives in another one of the same
// thread; both are run by turns.
wire::HttpResult fetch_beside(LoopWorld& world, LoopWorld& other, wire::HttpCall call) {
  std::optional<wire::HttpResult> heard;
  const auto guard =
      asio::make_work_guard(world.loop().io());  // a loop out of work would stay stopped
  const auto other_guard = asio::make_work_guard(other.loop().io());
  world.loop().io().restart();
  other.loop().io().restart();
  world.call(std::move(call), [&heard](wire::HttpResult r) { heard = std::move(r); });
  while (!heard) {
    world.loop().io().poll_one();
    other.loop().io().poll_one();
  }
  return std::move(*heard);
}

TEST_F(ThroughProxy, PlainRequestsNameTheWholeUrl) {
  LoopWorld outside(testing::quick());
  RawPeer proxy(outside, {{{.reply = ok}}});
  ::setenv("http_proxy", ("http://user:pass@" + at(proxy)).c_str(), 1);
  LoopWorld world(settings());
  EXPECT_EQ(shown(fetch_beside(world, outside, get("http://provider.test:81/a?b"))), "200 ok");
  ASSERT_EQ(proxy.requests().size(), 1u);
  EXPECT_TRUE(proxy.requests()[0].starts_with("GET http://provider.test:81/a?b HTTP/1.1\r\n"));
}

TEST_F(ThroughProxy, TlsAsksForATunnelFirst) {
  LoopWorld outside(testing::quick());
  RawPeer proxy(outside,
                {{{.reply = "HTTP/1.1 200 Connected\r\n\r\n"}, {.end = Turn::close, .read = 5}},
                 {{.reply = "HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n"}}});
  ::setenv("https_proxy", ("http://user:pass@" + at(proxy)).c_str(), 1);
  LoopWorld world(settings());
  const auto cut = fetch_beside(world, outside, post("https://provider.test/a", "x"));
  EXPECT_TRUE(shown(cut).starts_with("not sent: provider.test:443 ")) << shown(cut);
  ASSERT_EQ(proxy.requests().size(), 2u);
  EXPECT_EQ(proxy.requests()[0],
            "CONNECT provider.test:443 HTTP/1.1\r\nHost: provider.test:443\r\n"
            "Proxy-Authorization: Basic dXNlcjpwYXNz\r\n\r\n");
  EXPECT_EQ(proxy.requests()[1].substr(0, 2), "\x16\x03");  // a TLS handshake
  const auto refused = fetch_beside(world, outside, post("https://provider.test/a", "x"));
  EXPECT_EQ(shown(refused), "not sent: the proxy " + at(proxy) +
                                " refused a connection to provider.test:443 (status 407)");
}

}  // namespace
}  // namespace twolane::net
