// Answers wait on the world's clock for their latency; their faults are played on the connection.

#include "sim/server.h"

#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "net/http_server.h"
#include "net/loop_world.h"
#include "sim/providers.h"
#include "wire/json.h"

namespace twolane::sim {

using wire::Json;

namespace {

constexpr Duration lost_after = minutes(1);

Time wall_time() {
  using namespace std::chrono;
  return {duration_cast<std::chrono::milliseconds>(system_clock::now().time_since_epoch()).count()};
}

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

// Where virtual time stands, continued from `clock.json` of an earlier process. It is never behind
// what that process could have shown.
Result<Time> resumed_time(const std::string& directory, double speed) {
  const std::string path = directory + "/clock.json";
  const Time wall = wall_time();
  Time now = wall;
  if (std::ifstream in{path, std::ios::binary}) {
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    const auto saved = wire::parse_json(text);
    const Json* factor = saved ? wire::find(*saved, "speed") : nullptr;
    if (!factor || !factor->is_number())
      return fail("sim.storage", "the simulator's clock is damaged", path);
    const auto passed = static_cast<double>(wall.ms - wire::int_at(*saved, "wall_ms"));
    now.ms = wire::int_at(*saved, "virtual_ms") +
             static_cast<int64_t>(std::max(0.0, passed) * factor->get<double>());
  }
  const std::string next = path + ".next";
  {
    std::ofstream out(next, std::ios::binary | std::ios::trunc);
    out << wire::dump(Json{{"virtual_ms", now.ms}, {"wall_ms", wall.ms}, {"speed", speed}}) << '\n';
    if (!out.flush()) return fail("sim.storage", "the simulator's clock cannot be written", path);
  }
  std::error_code ec;
  std::filesystem::rename(next, path, ec);
  if (ec) return fail("sim.storage", "the simulator's clock cannot be written", ec.message());
  return now;
}

class Front {
 public:
  Front(net::LoopWorld& world, Providers& providers, double speed)
      : world_(world), providers_(providers), speed_(speed) {}

  void handle(net::HttpRequest request, net::Responder responder) {
    const Time now = world_.now();
    if (request.target == "/clock") return responder.reply(clock(now));
    wire::HttpCall call;
    call.method = std::move(request.method);
    call.url = "http://" + std::string(wire::header(request.headers, "host")) + request.target;
    call.headers = std::move(request.headers);
    call.body = std::move(request.body);
    Answer answer = providers_.handle(call, now);
    const Time when = now + (answer.fault == Answer::Fault::lost ? lost_after : answer.latency);
    auto later = std::make_shared<std::pair<Answer, net::Responder>>(std::move(answer),
                                                                     std::move(responder));
    world_.at(when, [later] { play(std::move(later->first), later->second); });
  }

 private:
  static void play(Answer answer, net::Responder& responder) {
    switch (answer.fault) {
      case Answer::Fault::none:
        return responder.reply(std::move(answer.reply));
      case Answer::Fault::cut:
        return responder.reply_cut(std::move(answer.reply), answer.cut_at);
      case Answer::Fault::refused:
      case Answer::Fault::lost:
        return responder.drop();
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
};

// Looks at `stop` ten times in a real second, whatever the speed of the world's clock.
void watch(net::LoopWorld& world, double speed, const std::function<bool()>& stop, bool& stopping) {
  if (stop()) {
    stopping = true;
    return;
  }
  const auto pause = milliseconds(std::max<int64_t>(1, static_cast<int64_t>(100 * speed)));
  world.at(world.now() + pause,
           [&world, speed, &stop, &stopping] { watch(world, speed, stop, stopping); });
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
  world.run_clock(TRY(resumed_time(directory, settings.speed)), settings.speed);
  Front front(world, *providers, settings.speed);
  net::HttpServer::Settings limits;
  limits.body_limit = 2200ll << 20;  // Gemini takes files of 2 GB
  net::HttpServer server(world, limits,
                         [&front](net::HttpRequest request, net::Responder responder) {
                           front.handle(std::move(request), std::move(responder));
                         });
  const uint16_t port = TRY(server.listen(settings.address, settings.port));
  bool stopping = false;
  world.on_signal([&stopping](int) { stopping = true; });
  listening(port);
  watch(world, settings.speed, stop, stopping);
  world.run_until([&stopping] { return stopping; });
  world.on_signal({});
  return {};
}

}  // namespace twolane::sim
