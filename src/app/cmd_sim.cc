// twolane sim: the simulated providers behind a socket, at their own virtual time.
#include <charconv>
#include <chrono>
#include <cstdio>
#include <filesystem>

#include "app/commands.h"
#include "app/escape.h"
#include "app/output_file.h"
#include "app/signals.h"
#include "net/http_server.h"
#include "net/loop_world.h"
#include "sim/providers.h"
#include "store/home.h"

namespace twolane::app {
namespace {

// A call that is lost ends after this, virtually: about when its client would have given up anyway.
constexpr Duration lost_after = minutes(2);

Time real_now() {
  const auto t = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::milliseconds>(t).count()};
}

class Server {
 public:
  Server(const Shell& shell, std::string directory) : shell_(shell), directory_(std::move(directory)) {}

  Result<int> operator()() {
    if (!directory_.empty()) {
      std::error_code ignored;
      std::filesystem::create_directories(directory_, ignored);
      lock_ = TRY(store::HomeLock::take(directory_));
    }
    auto scenario = TRY(sim::scenario(shell_.in.sim.scenario));
    providers_ = TRY(sim::Providers::open(std::move(scenario), shell_.in.world.seed,
                                          directory_.empty() ? "" : directory_ + "/state"));
    speed_ = shell_.in.world.speed.value_or(1.0);
    world_.run_clock(TRY(start()), speed_);
    server_ = std::make_unique<net::HttpServer>(
        world_, net::HttpServer::Settings{},
        [this](net::HttpRequest request, net::Responder responder) { serve(std::move(request), std::move(responder)); });
    const auto port = TRY(listen());
    announce(port);
    count_interrupts();
    keep_clock();
    world_.on_signal([this](int) { world_.stop(); });
    world_.run_until([] { return interrupts() > 0; });
    CHECKED(save_clock());
    server_.reset();
    return 0;
  }

 private:
  Result<uint16_t> listen() {
    const std::string& where = shell_.in.sim.listen;
    const size_t colon = where.rfind(':');
    int port = -1;
    if (colon != std::string::npos)
      std::from_chars(where.data() + colon + 1, where.data() + where.size(), port);
    if (port < 0 || port > 65535) {
      Error e;
      e.code = "usage.value";
      e.message = "\"" + where + "\" is no address to listen on";
      e.where.field = "--listen";
      e.why = "it is an address and a port; port 0 takes a free one";
      e.next = {"--listen 127.0.0.1:8090"};
      return fail(std::move(e));
    }
    host_ = where.substr(0, colon);
    return server_->listen(host_, static_cast<uint16_t>(port));
  }

  void announce(uint16_t port) {
    const std::string origin = "http://" + (host_.empty() ? "127.0.0.1" : host_) + ':' + std::to_string(port);
    auto object = good_answer();
    object["listening"] = origin;
    object["id"] = providers_->id();
    object["now"] = rfc3339(world_.now());
    object["speed"] = speed_;
    shell_.answer(object);
    if (shell_.in.common.json) return;
    char speed[32];
    std::snprintf(speed, sizeof speed, "%g", speed_);
    shell_.print("SIMULATED providers at " + origin + ", scenario " + escaped(shell_.in.sim.scenario) +
                 ", seed " + std::to_string(shell_.in.world.seed) + "\n" +
                 "export OPENAI_BASE_URL=" + origin + "/openai/v1 OPENAI_API_KEY=any\n" +
                 "export ANTHROPIC_BASE_URL=" + origin + "/anthropic ANTHROPIC_API_KEY=any\n" +
                 "export GOOGLE_GEMINI_BASE_URL=" + origin + "/gemini GEMINI_API_KEY=any\n" +
                 "twolane run INPUT --speed " + speed + "\n");
  }

  void serve(net::HttpRequest request, net::Responder responder) {
    if (request.target == "/clock") return responder.reply(clock());
    wire::HttpCall call;
    call.method = std::move(request.method);
    call.url = "http://" + std::string(wire::header(request.headers, "host")) + request.target;
    call.headers = std::move(request.headers);
    call.body = std::move(request.body);
    auto answer = std::make_shared<sim::Answer>(providers_->handle(call, world_.now()));
    auto to = std::make_shared<net::Responder>(std::move(responder));
    const bool lost = answer->fault == sim::Answer::Fault::lost;
    world_.at(world_.now() + (lost ? lost_after : answer->latency), [answer, to] {
      switch (answer->fault) {
        case sim::Answer::Fault::none: return to->reply(std::move(answer->reply));
        case sim::Answer::Fault::cut: return to->reply_cut(std::move(answer->reply), answer->cut_at);
        default: return to->drop();
      }
    });
  }

  wire::HttpReply clock() {
    wire::HttpReply reply;
    reply.status = 200;
    reply.headers = {{"content-type", "application/json"}};
    reply.body = wire::dump({{"id", providers_->id()}, {"now", rfc3339(world_.now())}, {"speed", speed_}});
    return reply;
  }

  std::string clock_file() const { return directory_ + "/clock"; }

  // Where virtual time stood when this simulator was last seen, never before; else real time.
  Result<Time> start() {
    std::error_code ignored;
    if (directory_.empty() || !std::filesystem::exists(clock_file(), ignored)) return real_now();
    const std::string text = TRY(read_text());
    int64_t ms = 0;
    std::from_chars(text.data(), text.data() + text.size(), ms);
    return std::max(Time{ms}, Time{0});
  }

  Result<std::string> read_text() {
    std::FILE* file = std::fopen(clock_file().c_str(), "rb");
    if (!file) return fail("sim.clock", "cannot read " + clock_file());
    char text[64];
    const size_t n = std::fread(text, 1, sizeof text, file);
    std::fclose(file);
    return std::string(text, n);
  }

  Status save_clock() {
    if (directory_.empty()) return {};
    auto file = TRY(OutputFile::create(clock_file()));
    CHECKED(file.write(std::to_string(world_.now().ms)));
    return file.publish();
  }

  void keep_clock() {
    if (directory_.empty()) return;
    if (const auto saved = save_clock(); !saved) shell_.remark(saved.error().message + '\n');
    world_.at(world_.now() + milliseconds(static_cast<int64_t>(1000 * speed_) + 1), [this] { keep_clock(); });
  }

  const Shell& shell_;
  std::string directory_, host_;
  std::optional<store::HomeLock> lock_;
  std::unique_ptr<sim::Providers> providers_;
  double speed_ = 1;
  net::LoopWorld world_;
  std::unique_ptr<net::HttpServer> server_;
};

}  // namespace

int sim_command(const Shell& shell) {
  const std::string& home = shell.in.common.home;
  const auto ended = Server(shell, home.empty() ? "" : home + "/sim-server")();
  return ended ? *ended : shell.refuse(ended.error());
}

}  // namespace twolane::app
