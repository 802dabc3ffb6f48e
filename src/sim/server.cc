// Answers wait on the world's clock for their latency; their faults are played on the connection.

#include "sim/server.h"

#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <list>

#include "net/exchange.h"
#include "net/head.h"
#include "net/http_server.h"
#include "net/loop_world.h"
#include "net/spool.h"
#include "net/wall_clock.h"
#include "sim/providers.h"
#include "wire/json.h"

namespace twolane::sim {

using wire::Json;

namespace {

constexpr Duration lost_after = minutes(1);

// A directory that is gone with its owner.
class TemporaryDirectory {
 public:
  static Result<TemporaryDirectory> make() {
    std::error_code ec;
    std::string path = (std::filesystem::temp_directory_path(ec) / "twolane-sim-XXXXXX").string();
    if (ec || !::mkdtemp(path.data()))
      return fail("sim.storage", "no temporary directory can be made");
    return TemporaryDirectory(std::move(path));
  }
  TemporaryDirectory() = default;
  TemporaryDirectory(TemporaryDirectory&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TemporaryDirectory& operator=(TemporaryDirectory&& other) noexcept {
    std::swap(path_, other.path_);
    return *this;
  }
  ~TemporaryDirectory() {
    std::error_code ec;
    if (!path_.empty()) std::filesystem::remove_all(path_, ec);
  }
  const std::string& path() const { return path_; }

 private:
  explicit TemporaryDirectory(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

// HOME/clock.json: where virtual time stood at a moment of real time, for the next process.
class SavedClock {
 public:
  SavedClock(const ServeSettings& settings, const std::string& directory)
      : path_(directory + "/clock.json"), speed_(settings.speed), stands_(settings.clock_stands) {}

  // Continued from an earlier process. It is never behind what that process could have shown.
  Result<Time> resume() {
    const Time wall = net::wall_time();
    Time now = wall;
    if (std::ifstream in{path_, std::ios::binary}) {
      const std::string text{std::istreambuf_iterator<char>(in), {}};
      const auto saved = wire::parse_json(text);
      const Json* factor = saved ? wire::find(*saved, "speed") : nullptr;
      if (!factor || !factor->is_number())
        return fail("sim.storage", "the simulator's clock is damaged", path_);
      const Json* stood = wire::find(*saved, "stands");
      const auto passed = static_cast<double>(stood && *stood == true ? 0 : wall.ms - wire::int_at(*saved, "wall_ms"));
      now.ms = wire::int_at(*saved, "virtual_ms") +
               static_cast<int64_t>(std::max(0.0, passed) * factor->get<double>());
    }
    CHECKED(save(stands_ ? now + ahead() : now));
    return now;
  }

  // Called ten times a second. A clock that stands between processes is saved ahead of time: a process
  // that is killed before the next time has shown nothing later.
  Status tick(Time now) {
    if (!stands_ || ++ticks_ % 5 != 0) return {};
    return save(now + ahead());
  }

  Status stop(Time now) { return stands_ ? save(now) : Status(); }

 private:
  Duration ahead() const { return milliseconds(static_cast<int64_t>(1000 * speed_)); }

  Status save(Time now) {
    const std::string next = path_ + ".next";
    {
      std::ofstream out(next, std::ios::binary | std::ios::trunc);
      const Json saved = {
          {"virtual_ms", now.ms}, {"wall_ms", net::wall_time().ms}, {"speed", speed_}, {"stands", stands_}};
      out << wire::dump(saved) << '\n';
      if (!out.flush()) return fail("sim.storage", "the simulator's clock cannot be written", path_);
    }
    std::error_code ec;
    std::filesystem::rename(next, path_, ec);
    if (ec) return fail("sim.storage", "the simulator's clock cannot be written", ec.message());
    return {};
  }

  std::string path_;
  double speed_;
  bool stands_;
  int ticks_ = 0;
};

class Front final : public net::StreamHandler {
 public:
  Front(net::LoopWorld& world, Providers& providers, const ServeSettings& settings)
      : world_(world),
        providers_(providers),
        speed_(settings.speed),
        chunk_pause_(settings.scenario.chunk_pause) {}

  net::Awaitable<void> handle(net::Exchange& exchange) override {
    auto& head = exchange.head();
    if (head.target == "/clock") {
      wire::HttpReply reply = clock(world_.now());
      co_return co_await exchange.reply(std::move(reply));
    }
    wire::HttpCall call;
    call.method = head.method;
    call.url = "http://" + std::string(wire::header(head.headers, "host")) + head.target;
    call.headers = head.headers;
    net::Spool spool(spool_above, "");
    wire::Sink take = [&spool](std::string_view piece) -> Status {
      if (spool.size() + static_cast<int64_t>(piece.size()) > most_bytes)
        return fail("net.body_limit", "the body is too large");
      return spool.append(piece);
    };
    const int refused = co_await exchange.body(std::move(take));
    if (refused < 0) co_return;
    if (refused > 0) {
      wire::HttpReply reply{refused, {}, {}};
      co_return co_await exchange.reply(std::move(reply));
    }
    call.body = spool.take();
    const Time now = world_.now();
    Answer answer = providers_.handle(call, now);
    co_await until(now + (answer.fault == Answer::Fault::lost ? lost_after : answer.latency));
    co_await play(exchange, std::move(answer));
  }

  // Nobody waits for virtual time any more: answers under way end as their connections do.
  void let_go() {
    over_ = true;
    for (const auto& due : waiting_) due->set();
  }

 private:
  static constexpr int64_t spool_above = 1 << 20;        // bytes
  static constexpr int64_t most_bytes = 2200ll << 20;  // Gemini takes files of 2 GB

  net::Awaitable<void> until(Time when) {
    if (when <= world_.now() || over_) co_return;
    auto due = std::make_shared<net::Signal>(world_.loop());
    const auto place = waiting_.insert(waiting_.end(), due);
    world_.at(when, [due] { due->set(); });
    co_await due->wait();
    waiting_.erase(place);
  }

  net::Awaitable<void> play(net::Exchange& exchange, Answer answer) {
    if (answer.fault == Answer::Fault::refused || answer.fault == Answer::Fault::lost) co_return;
    const bool cut = answer.fault == Answer::Fault::cut;
    const bool streams =
        wire::header(answer.reply.headers, "content-type").starts_with("text/event-stream");
    if (!cut && !streams) co_return co_await exchange.reply(std::move(answer.reply));
    if (!streams) co_return co_await play_cut(exchange, std::move(answer));
    const auto text = answer.reply.body.text();
    if (!text) co_return;
    answer.reply.body = {};
    co_await play_events(exchange, answer.reply, *text, cut ? answer.cut_at : -1);
  }

  // The head as of the whole body, some of it, and the connection ends.
  static net::Awaitable<void> play_cut(net::Exchange& exchange, Answer answer) {
    const std::string head = net::reply_head(answer.reply, false, 11, exchange.date());
    std::string part(static_cast<size_t>(answer.cut_at), '\0');
    const auto n = answer.reply.body.read(0, part.data(), part.size());
    if (n) co_await exchange.write(head, std::string_view(part).substr(0, *n));
    exchange.until_close();
  }

  // Event by event, as a chunk each; with `cut_at` the connection breaks there.
  net::Awaitable<void> play_events(net::Exchange& exchange, const wire::HttpReply& reply,
                                   std::string_view text, int64_t cut_at) {
    std::string out = net::reply_head(reply, true, 11, exchange.date());
    out.replace(out.find("Content-Length: 0"), 17, "Transfer-Encoding: chunked");
    if (cut_at >= 0) text = text.substr(0, static_cast<size_t>(cut_at));
    while (!text.empty()) {
      const size_t end = std::min(text.find("\n\n"), text.size() - 2) + 2;
      char length[24];
      out.append(length, std::to_chars(length, length + sizeof length, end, 16).ptr);
      out.append("\r\n").append(text.substr(0, end)).append("\r\n");
      text.remove_prefix(end);
      const bool last = text.empty() && cut_at < 0;
      if (last) out += "0\r\n\r\n";
      const net::ErrorCode failed = co_await exchange.write(out);
      if (failed) co_return;
      out.clear();
      if (last) exchange.done();
      if (!text.empty()) co_await until(world_.now() + chunk_pause_);
    }
  }

  wire::HttpReply clock(Time now) const {
    const Json body = {
        {"id", providers_.id()}, {"now", rfc3339(now)}, {"now_ms", now.ms}, {"speed", speed_}};
    return {200, {{"content-type", "application/json"}}, wire::Body(wire::dump(body))};
  }

  net::LoopWorld& world_;
  Providers& providers_;
  double speed_;
  Duration chunk_pause_;
  std::list<std::shared_ptr<net::Signal>> waiting_;
  bool over_ = false;
};

// Looks at `stop` ten times in a real second, whatever the speed of the world's clock.
void watch(net::LoopWorld& world, double speed, const std::function<bool()>& look) {
  if (look()) return;
  const auto pause = milliseconds(std::max<int64_t>(1, static_cast<int64_t>(100 * speed)));
  world.at(world.now() + pause, [&world, speed, &look] { watch(world, speed, look); });
}

}  // namespace

Status serve(const ServeSettings& settings, const std::function<void(uint16_t port)>& listening,
             const std::function<bool()>& stop) {
  TemporaryDirectory temporary;
  std::string directory = settings.directory;
  if (directory.empty()) {
    temporary = TRY(TemporaryDirectory::make());
    directory = temporary.path();
  }
  auto providers = TRY(Providers::open(settings.scenario, settings.seed, directory));
  net::LoopWorld world;
  SavedClock clock(settings, directory);
  world.run_clock(TRY(clock.resume()), settings.speed);
  Front front(world, *providers, settings);
  net::HttpServer::Settings limits;
  limits.body_limit = 2200ll << 20;  // Gemini takes files of 2 GB
  net::HttpServer server(world, limits, front);
  const uint16_t port = TRY(server.listen(settings.address, settings.port));
  bool stopping = false;
  Status saved;
  world.on_signal([&stopping](int) { stopping = true; });
  listening(port);
  const std::function<bool()> look = [&] {
    saved = clock.tick(world.now());
    return stopping = stopping || stop() || !saved;
  };
  watch(world, settings.speed, look);
  world.run_until([&stopping] { return stopping; });
  world.on_signal({});
  bool closed = false;
  server.stop({}, [&closed] { closed = true; });
  front.let_go();
  world.run_until([&closed] { return closed; });
  return saved ? clock.stop(world.now()) : saved;
}

}  // namespace twolane::sim
