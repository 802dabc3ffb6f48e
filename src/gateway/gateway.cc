// Threads, and what is looked at now and then: keys, certificates, the log.
#include "gateway/gateway.h"

#include <atomic>
#include <csignal>
#include <cstdio>
#include <thread>

#include "gateway/metric_text.h"
#include "gateway/worker.h"
#include "net/event_loop.h"
#include "store/small_file.h"

namespace twolane::gateway {
namespace {

constexpr Duration between_looks = seconds(1);

bool is_loopback(const std::string& address) {
  return address == "localhost" || address == "::1" || address.starts_with("127.");
}

Result<std::string> file_text(const std::string& path) {
  std::string text;
  if (!store::read_whole(path, text)) return text;
  Error e;
  e.code = "config.file";
  e.message = path + " cannot be read";
  e.why = "it is named as the certificate or its key";
  e.next = {"name a file that is there and readable"};
  return fail(std::move(e));
}

struct Pem {
  std::string certificate, key;
  bool operator==(const Pem&) const = default;
};

Result<Pem> read_pem(const Settings& settings) {
  Pem pem;
  if (settings.certificate_file.empty()) return pem;
  pem.certificate = TRY(file_text(settings.certificate_file));
  pem.key = TRY(file_text(settings.key_file));
  return pem;
}

}  // namespace

struct Gateway::Core {
  explicit Core(Settings s) : settings(std::move(s)) {}

  Settings settings;
  Pem pem;
  std::unique_ptr<Shared> shared;
  std::unique_ptr<AccessLog> log;
  std::unique_ptr<InFlightFile> in_flight;  // outlives the workers
  Unconfirmed unconfirmed;                  // ... of the processes before this one
  std::unique_ptr<Keeper> keeper;  // outlives the workers, who wait for it
  std::vector<std::unique_ptr<Worker>> workers;
  std::vector<std::thread> threads;
  std::atomic<bool> stopping = false;
  std::atomic<int> drained = 0;

  Status make_workers();
  Status tell_left(const std::string& directory, int threads);
  void look(Worker& worker, bool first);
  void serve(Worker& worker, bool first);
  std::string metrics();
};

Status Gateway::Core::make_workers() {
  pem = TRY(read_pem(settings));
  const int hardware = static_cast<int>(std::thread::hardware_concurrency());
  const int count = settings.threads > 0 ? settings.threads : std::max(1, hardware);
  net::LoopWorld::Settings world;
  world.connections_per_origin = 10'000;
  net::HttpServer::Settings server;
  server.reuse_port = true;
  server.body_limit = 2200ll << 20;  // doors that take files have limits of their own
  server.header_limit = shared->limits.header;
  server.connections = shared->limits.connections;
  server.certificate_pem = pem.certificate;
  server.key_pem = pem.key;
  if (!settings.in_flight_directory.empty()) CHECKED(tell_left(settings.in_flight_directory, count));
  for (int i = 0; i < count; ++i)
    workers.push_back(std::make_unique<Worker>(*shared, *log, in_flight ? in_flight->of(i) : InFlight(), world, server));
  return {};
}

// Calls that were under way when an earlier process was killed get their lines now.
Status Gateway::Core::tell_left(const std::string& directory, int threads) {
  constexpr int between_flushes = 512;  // calls whose lines wait to be written, generously
  const int calls = static_cast<int>(shared->limits.connections) + between_flushes;
  in_flight = TRY(InFlightFile::open(directory, threads, calls));
  for (const auto& call : in_flight->left()) log->write(Books::line_of(call->record));
  unconfirmed = unconfirmed_calls(directory);
  return {};
}

std::string Gateway::Core::metrics() {
  std::vector<Books*> books;
  int64_t connections = 0;
  for (const auto& worker : workers) {
    books.push_back(&worker->books());
    connections += worker->server().connections();
  }
  std::string out = Books::metrics(books, connections) + shared->routes.metrics();
  put_gauge(out, "twolane_unconfirmed_calls", unconfirmed.calls);
  put_gauge(out, "twolane_unconfirmed_usd", exact_usd(unconfirmed.up_to));
  return keeper ? out + keeper->metrics() : out;
}

// Once a second, on every thread.
void Gateway::Core::look(Worker& worker, bool first) {
  worker.flush();
  if (worker.came_to_rest() && settings.at_rest) settings.at_rest();
  if (first) {
    if (const Status read = shared->keys.refresh(); !read)
      std::fprintf(stderr, "keys stay as they were: %s\n", read.error().why.c_str());
  }
  if (!settings.certificate_file.empty()) {
    // A half-written pair does not fit together: the old one stays until it does.
    const auto now = read_pem(settings);
    if (now && worker.server().renew(now->certificate, now->key) && first) pem = *now;
  }
  worker.world().at(worker.world().now() + between_looks, [this, &worker, first] { look(worker, first); });
}

void Gateway::Core::serve(Worker& worker, bool first) {
  look(worker, first);
  worker.world().run_until([this] { return stopping.load(std::memory_order_relaxed); });
  bool over = false;
  worker.server().stop(settings.grace, [&over] { over = true; });
  worker.world().run_until([&over] { return over; });
  worker.flush();
}

Gateway::Gateway(std::unique_ptr<Core> core) : core_(std::move(core)) {}
Gateway::~Gateway() = default;

Result<std::unique_ptr<Gateway>> Gateway::make(Settings settings) {
  auto core = std::make_unique<Core>(std::move(settings));
  Core* const c = core.get();
  c->shared.reset(new Shared{.router = Router(c->settings.providers),
                             .keys = KeyRing(c->settings.keys_file),
                             .speed = c->settings.patient ? c->settings.patient->speed : 1,
                             .routes = Routes(c->settings.routes)});
  c->shared->limits.body = c->settings.body_limit;
  c->shared->metrics = [c] { return c->metrics(); };
  c->shared->ready = [c] {
    return !c->stopping.load(std::memory_order_relaxed) && !(c->keeper && c->keeper->broken());
  };
  CHECKED(c->shared->keys.refresh());
  if (c->shared->keys.open() && !is_loopback(c->settings.address)) {
    Error e;
    e.code = "serve.open";
    e.message = "without keys only loopback is served";
    e.where.field = "--listen " + c->settings.address;
    e.why = "anybody who reaches this address could spend your money";
    e.next = {"twolane keys create NAME", "--listen 127.0.0.1:8080"};
    return fail(std::move(e));
  }
  c->log = TRY(AccessLog::open(c->settings.access_log));
  if (c->settings.patient) {
    c->settings.patient->weight_of = [c](std::string_view owner) { return c->shared->keys.weight_of(owner); };
    c->keeper = TRY(Keeper::open(*c->settings.patient, c->shared->keys));
  }
  c->shared->keeper = c->keeper.get();
  c->shared->tls = !c->settings.certificate_file.empty();
  CHECKED(c->make_workers());
  if (c->keeper) {
    std::vector<Books*> books;
    for (const auto& worker : c->workers) books.push_back(&worker->books());
    c->keeper->follow(std::move(books));
  }
  return std::unique_ptr<Gateway>(new Gateway(std::move(core)));
}

Unconfirmed Gateway::left() const {
  Unconfirmed sum;
  if (!core_->in_flight) return sum;
  for (const auto& call : core_->in_flight->left()) {
    if (call->record.status != 0) continue;
    ++sum.calls;
    if (call->record.up_to) sum.up_to += *call->record.up_to;
    else ++sum.unpriced;
  }
  return sum;
}

bool Gateway::has_keys() const { return !core_->shared->keys.open(); }

Result<uint16_t> Gateway::listen() {
  uint16_t port = core_->settings.port;
  for (const auto& worker : core_->workers) port = TRY(worker->server().listen(core_->settings.address, port));
  return port;
}

void Gateway::run() {
  Core& c = *core_;
  if (c.keeper) c.keeper->start();
  for (size_t i = 1; i < c.workers.size(); ++i)
    c.threads.emplace_back([&c, i] { c.serve(*c.workers[i], false); });
  Worker& first = *c.workers.front();
  first.world().on_signal([this](int) { stop(); });
  c.serve(first, true);
  first.world().on_signal({});
  for (auto& thread : c.threads) thread.join();
  c.keeper.reset();  // its calls in flight are heard
}

void Gateway::stop() {
  core_->stopping = true;
  for (const auto& worker : core_->workers) worker->world().loop().post([] {});
}

}  // namespace twolane::gateway
