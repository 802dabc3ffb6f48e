// The server against clients that speak properly, badly, slowly, or not at all.
#include "net/http_server.h"

#include <deque>

#include "net/testing.h"

namespace twolane::net {
namespace {

using testing::fetch;
using testing::get;
using testing::post;
using testing::RawClient;
using testing::shown;

HttpServer::Settings small() {
  HttpServer::Settings settings;
  settings.body_limit = 1000;
  return settings;
}

// Answers at once with what it was asked.
class Echo {
 public:
  explicit Echo(LoopWorld& world, HttpServer::Settings settings = small())
      : server(world, std::move(settings), [this](HttpRequest request, Responder to) {
          asked.push_back(request.method + ' ' + request.target + ' ' +
                          request.body.text().value());
          to.reply({200, {{"X-Asked", std::to_string(asked.size())}}, std::move(request.body)});
        }) {
    port = server.listen("127.0.0.1", 0).value();
    url = "http://127.0.0.1:" + std::to_string(port);
  }

  std::vector<std::string> asked;
  HttpServer server;
  uint16_t port = 0;
  std::string url;
};

std::string without_date(std::string reply) {
  for (size_t at; (at = reply.find("Date: ")) != reply.npos;)
    reply.erase(at, reply.find("\r\n", at) + 2 - at);
  return reply;
}

TEST(HttpServer, RepliesWithWhatItWasGiven) {
  LoopWorld world(testing::quick());
  world.run_clock(parse_rfc3339("1994-11-06T08:49:37Z").value(), 1e-6);
  Echo echo(world);
  RawClient client(world, echo.port);
  client.say("POST /a?b=c HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi");
  EXPECT_EQ(client.hear_until("\r\n\r\nhi"),
            "HTTP/1.1 200 OK\r\nX-Asked: 1\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            "Content-Length: 2\r\n\r\nhi");
  EXPECT_EQ(echo.asked, std::vector<std::string>{"POST /a?b=c hi"});
}

const std::vector<std::pair<std::string, std::string>> requests = {
    {"GET / HTTP/1.1\r\nHost: h\r\n\r\n", "GET / "},
    {"POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello", "POST /p hello"},
    {"PUT /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
     "chunked\r\n\r\n2\r\nhe\r\n3;a=b\r\nllo\r\n0\r\nT: 1\r\n\r\n",
     "PUT /p hello"},
    {"DELETE http://h:80/abs?q HTTP/1.1\r\nHost: h\r\n\r\n", "DELETE /abs?q "},
    {"OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", "OPTIONS * "},
};

TEST(HttpServer, ReadsRequestsWhereverTheyAreSplit) {
  LoopWorld world(testing::quick());
  Echo echo(world);
  for (const auto& [text, asked] : requests) {
    RawClient client(world, echo.port);
    for (size_t cut = 0; cut <= text.size(); ++cut) {
      echo.asked.clear();
      client.say(text.substr(0, cut));
      client.say(text.substr(cut));
      client.hear_until("\r\n\r\n");
      ASSERT_EQ(echo.asked, std::vector<std::string>{asked}) << "cut at " << cut;
    }
  }
}

TEST(HttpServer, ReadsRequestsByteByByteAndOneAfterTheOther) {
  LoopWorld world(testing::quick());
  Echo echo(world);
  RawClient client(world, echo.port);
  for (const auto& [text, asked] : requests) {
    client.say(text, 1);
    client.hear_until("\r\n\r\n");
    EXPECT_EQ(echo.asked.back(), asked);
  }
  EXPECT_EQ(echo.asked.size(), requests.size());
  EXPECT_EQ(echo.server.connections(), 1);
}

TEST(HttpServer, AnswersPipelinedRequestsInOrder) {
  LoopWorld world(testing::quick());
  Echo echo(world);
  RawClient client(world, echo.port);
  client.say(
      "POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\none"
      "POST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\ntwo"
      "GET /3 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(without_date(client.hear_all()),
            "HTTP/1.1 200 OK\r\nX-Asked: 1\r\nContent-Length: 3\r\n\r\none"
            "HTTP/1.1 200 OK\r\nX-Asked: 2\r\nContent-Length: 3\r\n\r\ntwo"
            "HTTP/1.1 200 OK\r\nX-Asked: 3\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}

TEST(HttpServer, OldClientsAreClosedUnlessTheyAskNotToBe) {
  LoopWorld world(testing::quick());
  Echo echo(world);
  RawClient client(world, echo.port);
  client.say("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_TRUE(client.hear_until("\r\n\r\n").contains("Connection: keep-alive\r\n"));
  client.say("GET / HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(client.hear_all().contains("Connection: close\r\n"));
}

TEST(HttpServer, HeadHasTheLengthAndNoBody) {
  LoopWorld world(testing::quick());
  HttpServer server(world, {}, [](HttpRequest, Responder to) { to.reply({200, {}, "hello"}); });
  RawClient client(world, server.listen("127.0.0.1", 0).value());
  client.say("HEAD / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(without_date(client.hear_all()),
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\n");
}

TEST(HttpServer, SaysContinueToThoseWhoWaitForIt) {
  LoopWorld world(testing::quick());
  Echo echo(world);
  RawClient client(world, echo.port);
  client.say("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.hear_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.say("hi");
  EXPECT_TRUE(client.hear_until("hi").starts_with("HTTP/1.1 200 OK\r\n"));
  // Where the body is refused, it is not asked for.
  RawClient other(world, echo.port);
  other.say("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_TRUE(other.hear_until("\r\n\r\n").starts_with("HTTP/1.1 413 "));
}

TEST(HttpServer, RefusesWhatItCannotOrMayNotRead) {
  const std::string host = "Host: h\r\n";
  const std::vector<std::pair<std::string, int>> refused = {
      {"hello\r\n\r\n", 400},
      {"GET / HTTP/2.0\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\n\r\n", 400},  // no Host
      {"GET / HTTP/1.1\r\n" + host + host + "\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400},
      {"GET x HTTP/1.1\r\n" + host + "\r\n", 400},
      {"CONNECT h:80 HTTP/1.1\r\n" + host + "\r\n", 400},
      {"GET / HTTP/1.1\r\n" + host + "Bad Name: x\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\n" + host + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nx", 400},
      {"POST / HTTP/1.1\r\n" + host +
           "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       400},
      {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", 400},
      {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n8000000000000000\r\n", 400},
      {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip\r\n\r\nxyz", 501},
      {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501},
      {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding:\r\n\r\nxyz", 501},
      {"POST / HTTP/1.1\r\n" + host + "Content-Length: 1001\r\n\r\n" + std::string(1001, 'x'), 413},
      {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n3e9\r\n" +
           std::string(1001, 'x') + "\r\n0\r\n\r\n",
       413},
      {"GET /" + std::string(40'000, 'x') + " HTTP/1.1\r\n" + host + "\r\n", 431},
      {"GET / HTTP/1.1\r\n" + host + "X: " + std::string(40'000, 'x') + "\r\n\r\n", 431},
  };
  LoopWorld world(testing::quick());
  Echo echo(world);
  for (const auto& [text, status] : refused) {
    RawClient client(world, echo.port);
    client.say(text);
    const std::string reply = client.hear_until("\r\n\r\n");
    EXPECT_TRUE(reply.starts_with("HTTP/1.1 " + std::to_string(status) + ' '))
        << text.substr(0, 60) << " -> " << reply;
    EXPECT_TRUE(reply.contains("Connection: close\r\n")) << text.substr(0, 60);
  }
  EXPECT_TRUE(echo.asked.empty());
  EXPECT_EQ(shown(fetch(world, get(echo.url))), "200 ");
}

// A refused client that goes on sending still gets to read why.
TEST(HttpServer, RefusalsOfLargeBodiesAreHeard) {
  LoopWorld world(testing::quick());
  Echo echo(world);
  const auto body = wire::Body(std::make_shared<testing::Generated>(3 << 20));
  EXPECT_EQ(shown(fetch(world, post(echo.url, body))), "413 ");
  world.run_until([&echo] { return echo.server.connections() == 0; });
  RawClient client(world, echo.port);
  client.say("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3000000\r\n\r\nx");
  EXPECT_TRUE(client.hear_all().starts_with("HTTP/1.1 413 "));
  client.say(std::string(10'000, 'x'));
  EXPECT_EQ(echo.server.connections(), 1);  // still listens, so that nothing resets the answer
  client.close();
  world.run_until([&echo] { return echo.server.connections() == 0; });
}

TEST(HttpServer, LargeBodiesComeAsAFile) {
  LoopWorld world(testing::quick());
  HttpServer::Settings settings;
  settings.spool_above = 1000;
  std::vector<bool> in_file;
  HttpServer server(world, settings, [&in_file](HttpRequest request, Responder to) {
    in_file.push_back(!request.body.pieces.empty() && request.body.pieces[0].source != nullptr);
    to.reply({200, {}, std::move(request.body)});
  });
  const std::string url =
      "http://127.0.0.1:" + std::to_string(server.listen("127.0.0.1", 0).value());
  for (const int64_t size : {int64_t{1000}, int64_t{1001}, int64_t{300'000}}) {
    const auto result =
        fetch(world, post(url, wire::Body(std::make_shared<testing::Generated>(size))));
    ASSERT_TRUE(result.reply());
    testing::Checker checker;
    EXPECT_TRUE(checker.take(result.reply()->body.text().value()));
    EXPECT_EQ(checker.seen(), size);
  }
  EXPECT_EQ(in_file, (std::vector<bool>{false, true, true}));
}

TEST(HttpServer, WithoutRoomForABodyItSaysSo) {
  LoopWorld world(testing::quick());
  HttpServer::Settings settings;
  settings.spool_above = 10;
  settings.spool_directory = "/proc/no-such-directory";
  HttpServer server(world, settings, [](HttpRequest, Responder to) { to.reply({200, {}, {}}); });
  const std::string url =
      "http://127.0.0.1:" + std::to_string(server.listen("127.0.0.1", 0).value());
  EXPECT_EQ(shown(fetch(world, post(url, "12345678901"))), "507 ");
}

// --- answers

// Keeps the responders for the test to use.
class Patient {
 public:
  explicit Patient(LoopWorld& w, HttpServer::Settings settings = {})
      : world(w), server(w, std::move(settings), [this](HttpRequest, Responder to) {
          waiting.push_back(std::move(to));
        }) {
    port = server.listen("127.0.0.1", 0).value();
    url = "http://127.0.0.1:" + std::to_string(port);
  }
  Responder next() {
    world.run_until([this] { return !waiting.empty(); });
    Responder to = std::move(waiting.front());
    waiting.pop_front();
    return to;
  }

  LoopWorld& world;
  std::deque<Responder> waiting;
  HttpServer server;
  uint16_t port = 0;
  std::string url;
};

struct Heard {
  explicit Heard(LoopWorld& w, wire::HttpCall call) : world(w) {
    world.call(std::move(call), [this](wire::HttpResult r) { result = std::move(r); });
  }
  std::string text() {
    world.run_until([this] { return result.has_value(); });
    return shown(*result);
  }
  LoopWorld& world;
  std::optional<wire::HttpResult> result;
};

TEST(HttpServer, AnswersInAnyOrder) {
  LoopWorld world(testing::quick());
  Patient server(world);
  Heard first(world, get(server.url)), second(world, get(server.url));
  Responder a = server.next(), b = server.next();
  b.reply({200, {}, "b"});
  a.reply({200, {}, "a"});
  const std::string both = first.text() + second.text();
  EXPECT_TRUE(both == "200 a200 b" || both == "200 b200 a") << both;
}

TEST(HttpServer, DropsWithoutAWord) {
  LoopWorld world(testing::quick());
  Patient server(world);
  Heard heard(world, post(server.url, "x"));
  server.next().drop();
  EXPECT_TRUE(heard.text().ends_with("closed the connection without an answer")) << heard.text();
}

TEST(HttpServer, CutsAnAnswerOff) {
  LoopWorld world(testing::quick());
  Patient server(world);
  for (const int64_t n : {0, 1, 4}) {
    std::string seen;
    auto call = get(server.url);
    call.sink = [&seen](std::string_view piece) {
      seen += piece;
      return Status{};
    };
    Heard heard(world, call);
    server.next().reply_cut({200, {}, "hello"}, n);
    EXPECT_TRUE(heard.text().ends_with("closed the connection within its answer")) << heard.text();
    EXPECT_EQ(seen, std::string("hello").substr(0, static_cast<size_t>(n)));
  }
}

TEST(HttpServer, HoldsUntilTheClientLeaves) {
  LoopWorld world(testing::quick());
  Patient server(world);
  auto client = std::make_unique<RawClient>(world, server.port);
  client->say("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  server.next().hold();
  bool later = false;
  world.at(world.now() + milliseconds(5), [&later] { later = true; });
  world.run_until([&later] { return later; });
  EXPECT_FALSE(client->closed());
  EXPECT_EQ(server.server.connections(), 1);
  client = nullptr;
  world.run_until([&server] { return server.server.connections() == 0; });
}

TEST(HttpServer, ForgottenRequestsAre500) {
  LoopWorld world(testing::quick());
  Patient server(world);
  Heard heard(world, get(server.url));
  {
    const Responder forgotten = server.next();
  }
  EXPECT_EQ(heard.text(), "500 ");
}

TEST(HttpServer, RepliesThatCannotBeWrittenAre500) {
  LoopWorld world(testing::quick());
  Patient server(world);
  Heard split(world, get(server.url));
  server.next().reply({200, {{"X", "a\r\nSet-Cookie: b"}}, {}});
  EXPECT_EQ(split.text(), "500 ");
  Heard odd(world, get(server.url));
  server.next().reply({0, {}, {}});
  EXPECT_EQ(odd.text(), "500 ");
}

TEST(HttpServer, TellsThatTheClientHasLeft) {
  LoopWorld world(testing::quick());
  Patient server(world);
  bool told = false;
  auto client = std::make_unique<RawClient>(world, server.port);
  client->say("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  Responder to = server.next();
  to.on_client_gone([&told] { told = true; });
  EXPECT_FALSE(to.client_gone());
  client = nullptr;
  world.run_until([&told] { return told; });
  EXPECT_TRUE(to.client_gone());
  to.reply({200, {}, "too late"});
  world.run_until([&server] { return server.server.connections() == 0; });
}

TEST(HttpServer, ExceptionsOfTheHandlerLeaveTheLoop) {
  LoopWorld world(testing::quick());
  HttpServer server(world, {}, [](HttpRequest, Responder) { throw std::runtime_error("a crash"); });
  const auto port = server.listen("127.0.0.1", 0).value();
  RawClient client(world, port);
  EXPECT_THROW(client.say("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
               client.hear_all(), std::runtime_error);
  EXPECT_EQ(server.connections(), 0);
}

// --- slow clients, and the end

HttpServer::Settings impatient() {
  HttpServer::Settings settings;
  settings.idle = settings.head = settings.stall = milliseconds(30);
  return settings;
}

TEST(HttpServer, ClosesConnectionsOnWhichNothingHappens) {
  LoopWorld world(testing::quick());
  Echo echo(world, impatient());
  const std::vector<std::string> beginnings = {
      "", "GET / HT", "GET / HTTP/1.1\r\nHost: h\r\n",
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhe"};
  for (const std::string& text : beginnings) {
    RawClient client(world, echo.port);
    client.say(text);
    EXPECT_EQ(client.hear_all(), "") << text;
  }
  EXPECT_TRUE(echo.asked.empty());
}

TEST(HttpServer, BytesThatTrickleDoNotKeepAHeadOpen) {
  LoopWorld world(testing::quick());
  Echo echo(world, impatient());
  RawClient client(world, echo.port);
  client.say("GET / HTTP/1.1\r\nHost: h\r\nX: ");
  while (!client.closed()) client.say("x");
  EXPECT_TRUE(echo.asked.empty());
}

TEST(HttpServer, BodiesBelowTheSlowestRateAreCutOff) {
  LoopWorld world(testing::quick());
  auto settings = impatient();
  settings.slowest = 1 << 30;  // nobody is that fast byte by byte
  Echo echo(world, settings);
  RawClient client(world, echo.port);
  client.say("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000000\r\n\r\n");
  while (!client.closed()) client.say("x");
  EXPECT_TRUE(echo.asked.empty());
}

TEST(HttpServer, ClientsThatDoNotReadAreCutOff) {
  LoopWorld world(testing::quick());
  HttpServer server(world, impatient(), [](HttpRequest, Responder to) {
    to.reply({200, {}, wire::Body(std::make_shared<testing::Generated>(100 << 20))});
  });
  Socket deaf(world.loop().io());
  deaf.connect({asio::ip::address_v4::loopback(), server.listen("127.0.0.1", 0).value()});
  const std::string request = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
  asio::write(deaf, asio::buffer(request));
  world.run_until([&server] { return server.connections() == 1; });
  world.run_until([&server] { return server.connections() == 0; });
}

TEST(HttpServer, StopsGracefully) {
  LoopWorld world(testing::quick());
  Patient server(world);
  RawClient idle(world, server.port);
  idle.say("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  server.next().reply({200, {}, "one"});
  idle.hear_until("one");
  RawClient busy(world, server.port);
  busy.say("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  Responder to = server.next();
  bool stopped = false;
  server.server.stop(hours(1), [&stopped] { stopped = true; });
  EXPECT_EQ(idle.hear_all(), "");
  EXPECT_TRUE(shown(fetch(world, get(server.url))).contains("refused the connection"));
  EXPECT_FALSE(stopped);
  to.reply({200, {}, "two"});
  const std::string last = busy.hear_all();
  EXPECT_TRUE(last.contains("Connection: close\r\n")) << last;
  EXPECT_TRUE(last.ends_with("two"));
  world.run_until([&stopped] { return stopped; });
}

TEST(HttpServer, StopsWithoutGraceWhatDoesNotEnd) {
  LoopWorld world(testing::quick());
  Patient server(world);
  RawClient busy(world, server.port);
  busy.say("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  const Responder to = server.next();
  bool stopped = false;
  server.server.stop(milliseconds(20), [&stopped] { stopped = true; });
  EXPECT_EQ(busy.hear_all(), "");
  world.run_until([&stopped] { return stopped; });
  EXPECT_TRUE(to.client_gone());
}

TEST(HttpServer, MayEndWithAnswersOutstanding) {
  LoopWorld world(testing::quick());
  auto server = std::make_unique<Patient>(world);
  RawClient client(world, server->port);
  client.say("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  Responder to = server->next();
  server = nullptr;
  EXPECT_EQ(client.hear_all(), "");
  to.reply({200, {}, {}});
}

TEST(HttpServer, TakesNoMoreConnectionsThanItShould) {
  LoopWorld world(testing::quick());
  auto settings = small();
  settings.connections = 1;
  Echo echo(world, settings);
  RawClient first(world, echo.port);
  first.say("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  first.hear_until("\r\n\r\n");
  RawClient second(world, echo.port);
  EXPECT_EQ(second.hear_all(), "");
}

TEST(HttpServer, SaysWhyItCannotListen) {
  LoopWorld world(testing::quick());
  Echo echo(world);
  HttpServer other(world, {}, [](HttpRequest, Responder) {});
  const auto taken = other.listen("127.0.0.1", echo.port);
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, "net.listen");
  EXPECT_FALSE(other.listen("nowhere", 0));
  auto settings = small();
  settings.certificate_pem = settings.key_pem = "nonsense";
  HttpServer without_key(world, settings, [](HttpRequest, Responder) {});
  const auto tls = without_key.listen("127.0.0.1", 0);
  ASSERT_FALSE(tls);
  EXPECT_EQ(tls.error().code, "net.tls");
}

}  // namespace
}  // namespace twolane::net
