// What a relayed request costs beside nginx and haproxy, in one run and in alternating rounds.
//
//   gateway_bench [--relay] [--sse] [--latency] [--idle] [--key] [--portkey] [--translated] [--tls] [--all]
//                 [--rounds=3] [--seconds=1.2] [--twolane=FILE] [--nginx=FILE|-] [--haproxy=FILE|-]
//
// Without a section: --relay --sse --latency --idle. --key and --portkey add a gateway with a key (looked
// up, limited, metered, with a budget) and the Portkey gateway from npm to --relay and --sse; they and the
// others can stand alone. Each proxy has processor 0 for itself; provider and load generator, both in this
// process, have processor 1. CPU per request is the run time of all threads of the proxy (schedstat) over
// the requests that ended. Twolane is measured twice in every round: the difference is the spread.
#include <functional>
#include <set>

#include "gateway_peers.h"

namespace bench {
namespace {

struct Paths {
  std::string twolane, nginx, haproxy, directory;
};

// Where the proxies pass requests on to.
struct Upstream {
  std::string address;      // 127.0.0.1:PORT
  std::string certificate;  // set: it speaks TLS, with this
  std::string url() const { return (certificate.empty() ? "http://" : "https://") + address; }
};

class Peers {
 public:
  Peers(Paths paths, Upstream upstream, int first_port)
      : paths_(std::move(paths)), upstream_(std::move(upstream)), port_(first_port) {}
  ~Peers() {
    for (const Proxy& proxy : proxies_) {
      for (const pid_t pid : proxy.pids) ::kill(pid, SIGTERM);
      ::waitpid(proxy.pids.front(), nullptr, 0);
    }
  }
  Peers(const Peers&) = delete;
  Peers& operator=(const Peers&) = delete;

  void add_nginx() {
    if (paths_.nginx == "-") return;
    const std::string at = place("nginx"), port = std::to_string(port_);
    write_file(at + ".conf",
               "daemon off; worker_processes 1; error_log stderr crit; pid " + at + ".pid;\n"
               "events { worker_connections 16384; }\nhttp { access_log off; keepalive_requests 1000000000;\n" + temporary(at) +
               "client_body_buffer_size 64k;\nupstream p { server " + upstream_.address +
               "; keepalive 4096; keepalive_requests 1000000000; }\nserver { listen 127.0.0.1:" + port +
               "; location / { proxy_pass " + (upstream_.certificate.empty() ? "http" : "https") +
               "://p; proxy_http_version 1.1;\nproxy_set_header Connection \"\"; proxy_buffering off; } } }\n");
    add("nginx", start({paths_.nginx, "-p", paths_.directory, "-c", at + ".conf"}, {}, at + ".log"));
  }

  void add_haproxy() {
    if (paths_.haproxy == "-") return;
    const std::string at = place("haproxy");
    write_file(at + ".cfg",
               "global\n nbthread 1\n maxconn 9000\ndefaults\n mode http\n timeout connect 5s\n timeout client 60s\n"
               " timeout server 60s\n http-reuse always\nfrontend f\n bind 127.0.0.1:" + std::to_string(port_) +
               "\n default_backend b\nbackend b\n server s " + upstream_.address +
               (upstream_.certificate.empty() ? "" : " ssl verify none") + "\n");
    add("haproxy", start({paths_.haproxy, "-db", "-f", at + ".cfg"}, {}, at + ".log"));
  }

  void add_twolane(bool with_key, const std::string& model = "gpt-4.1-mini") {
    const std::string at = place(with_key ? "twolane-key" : "twolane"), home = at + ".home";
    Asked asked;
    asked.model = model;
    if (with_key)
      asked.key = said(paths_.twolane + " keys create bench --home " + home +
                       " --model gpt-4.1-mini --requests-per-minute 1000000000 --tokens-per-minute 1000000000000"
                       " --budget-per-day 1000000 --budget-per-month 1000000 | head -n 1");
    const std::map<std::string, std::string> environment = {
        {"OPENAI_BASE_URL", upstream_.url() + "/v1"}, {"OPENAI_API_KEY", "k"}, {"ANTHROPIC_BASE_URL", upstream_.url()},
        {"ANTHROPIC_API_KEY", "k"}, {"SSL_CERT_FILE", upstream_.certificate}};
    add(with_key ? "twolane + key" : "twolane",
        start({paths_.twolane, "serve", "--listen", "127.0.0.1:" + std::to_string(port_), "--threads", "1", "--access-log",
               "off", "--home", home}, environment, at + ".log"),
        asked);
  }

  // Fetched by npx where it is not there yet. Out of reach: it is left out, and that is said.
  void add_portkey() {
    const std::string at = place("portkey"), port = std::to_string(port_);
    const std::string npx = installed("npx");
    if (npx == "-") return;
    Asked asked;
    asked.more = "x-portkey-provider: openai\r\nx-portkey-custom-host: " + upstream_.url() + "/v1\r\n";
    const pid_t pid = start({npx, "--yes", "@portkey-ai/gateway", "--headless", "--port=" + port}, {{"PORT", port}}, at + ".log");
    if (!accepts(port_, 400)) {
      std::printf("the Portkey gateway does not start (npm out of reach? %s): left out\n", (at + ".log").c_str());
      for (const pid_t each : with_children(pid)) ::kill(each, SIGTERM);
      ::waitpid(pid, nullptr, 0);
      return;
    }
    add("portkey", pid, asked);
  }

  // Twolane first and last: what differs between the two is noise.
  std::vector<std::pair<std::string, const Proxy*>> order() const {
    std::vector<std::pair<std::string, const Proxy*>> all;
    const auto own = std::ranges::find(proxies_, "twolane", &Proxy::name);
    if (own != proxies_.end()) all.emplace_back("twolane", &*own);
    for (const Proxy& proxy : proxies_)
      if (proxy.name != "twolane") all.emplace_back(proxy.name, &proxy);
    if (own != proxies_.end()) all.emplace_back("twolane (again)", &*own);
    return all;
  }

 private:
  static std::string temporary(const std::string& at) {
    std::string lines;
    for (const char* what : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"})
      lines += std::string(what) + "_temp_path " + at + "." + what + ";\n";
    return lines;
  }
  std::string place(const std::string& name) {
    ++port_;
    return paths_.directory + '/' + name + '-' + std::to_string(port_);
  }
  void add(const std::string& name, pid_t pid, Asked asked = {}) {
    if (!accepts(port_)) {
      std::fprintf(stderr, "%s does not start: see %s\n", name.c_str(), paths_.directory.c_str());
      std::exit(1);
    }
    proxies_.push_back({name, port_, with_children(pid), std::move(asked)});
  }

  Paths paths_;
  Upstream upstream_;
  int port_;
  std::vector<Proxy> proxies_;
};

struct Length {
  int rounds;
  double seconds;
};

void closed_loop(const Peers& peers, const std::string& what, bool stream, int connections, Length length) {
  std::map<std::string, std::vector<double>> cost;
  int64_t errors = 0;
  for (int round = 0; round < length.rounds; ++round)
    for (const auto& [name, proxy] : peers.order()) {
      Asked asked = proxy->asked;
      asked.stream = stream;
      Load load(asked);
      const int64_t before = run_time_ns(*proxy);
      const auto result = load.run(proxy->port, connections, length.seconds, 0);
      const int64_t spent = run_time_ns(*proxy) - before;
      errors += result.errors;
      if (!result.first_error.empty()) std::printf("%s answered: %s\n", name.c_str(), result.first_error.c_str());
      const double units = static_cast<double>(result.requests) * (stream ? sse_chunks : 1);
      cost[name].push_back(static_cast<double>(spent) / 1000 / std::max(1.0, units));
    }
  std::printf("%s, %d connections: CPU us per %s, median of %d x %.1f s (errors: %lld)\n", what.c_str(), connections,
              stream ? "event" : "request", length.rounds, length.seconds, static_cast<long long>(errors));
  const double own = median(cost["twolane"]);
  for (const auto& [name, values] : cost)
    std::printf("  %-16s %7.2f   twolane is %.2f of it\n", name.c_str(), median(values), own / median(values));
}

void open_loop(const Peers& peers, double rate, Length length) {
  std::map<std::string, std::vector<double>> p50;
  for (int round = 0; round < length.rounds; ++round) {
    const auto take = [&](const std::string& name, const Asked& asked, int port) {
      Load load(asked);
      p50[name].push_back(median(load.run(port, 64, length.seconds, rate).latencies_us));
    };
    take("direct", {}, Load::provider_port);
    for (const auto& [name, proxy] : peers.order()) take(name, proxy->asked, proxy->port);
  }
  const double direct = median(p50["direct"]);
  std::printf("open loop, %.0f requests/s: added p50, us (direct %.0f)\n", rate, direct);
  for (const auto& [name, values] : p50)
    if (name != "direct") std::printf("  %-16s %7.0f\n", name.c_str(), median(values) - direct);
}

void idle_memory(const Peers& peers, int connections) {
  std::printf("%d idle connections that served one request each: bytes per connection\n", connections);
  for (const auto& [name, proxy] : peers.order()) {
    if (name == "twolane (again)") continue;  // what it keeps for reuse is there already
    Load load(proxy->asked);
    load.hold_ = true;
    const int64_t before = pss_kb(*proxy);
    load.open_idle(proxy->port, connections);
    ::usleep(3'000'000);  // twolane and its allocator notice after one that nothing comes
    std::printf("  %-16s %7lld   (%lld KB before)\n", name.c_str(),
                static_cast<long long>((pss_kb(*proxy) - before) * 1024 / connections), static_cast<long long>(before));
    load.close_idle();
  }
}

// A provider behind TLS: nginx answers from memory, on the processor of the load generator.
class TlsProvider {
 public:
  explicit TlsProvider(const Paths& paths) {
    const std::string at = paths.directory + "/tls";
    certificate_ = at + ".pem";
    said("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=bench -addext "
         "subjectAltName=IP:127.0.0.1 -keyout " + at + ".key -out " + certificate_ + " 2> " + at + ".openssl.log");
    write_file(at + ".conf",
               "daemon off; worker_processes 1; error_log stderr crit; pid " + at + ".pid;\n"
               "events { worker_connections 16384; }\nhttp { access_log off; keepalive_requests 1000000000;\n"
               "client_body_temp_path " + at + ".body; client_body_buffer_size 64k; proxy_temp_path " + at + ".proxy;\n"
               "fastcgi_temp_path " + at + ".f; uwsgi_temp_path " + at + ".u; scgi_temp_path " + at + ".s;\n"
               "server { listen 127.0.0.1:18190 ssl; ssl_certificate " + certificate_ + "; ssl_certificate_key " + at +
               ".key;\nlocation / { default_type application/json; return 200 '" + answer_body() + "'; } } }\n");
    pid_ = start({paths.nginx, "-p", paths.directory, "-c", at + ".conf"}, {}, at + ".log", 1);
  }
  ~TlsProvider() {
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
  }
  bool works() const { return accepts(18190, 20); }
  Upstream upstream() const { return {"127.0.0.1:18190", certificate_}; }

 private:
  std::string certificate_;
  pid_t pid_;
};

void tls_upstream(const Paths& paths, Length length) {
  if (paths.nginx == "-") {
    std::printf("TLS upstream: nginx plays the provider, and is not there: left out\n");
    return;
  }
  const TlsProvider provider(paths);
  if (!provider.works()) {
    std::printf("TLS upstream: the provider does not start (%s/tls*.log): left out\n", paths.directory.c_str());
    return;
  }
  Peers peers(paths, provider.upstream(), 18120);
  peers.add_nginx();
  peers.add_haproxy();
  peers.add_twolane(false);
  closed_loop(peers, "TLS upstream, 4 KB in, 1 KB out", false, 64, length);
}

// OpenAI's words in front, Anthropic's behind; nginx passes the same bytes through.
void translated(const Paths& paths, const Upstream& plain, Length length) {
  Peers peers(paths, plain, 18140);
  peers.add_nginx();
  peers.add_haproxy();
  peers.add_twolane(false, "claude-haiku-4-5");
  closed_loop(peers, "OpenAI's words to Anthropic and back, 4 KB in, 1 KB out", false, 64, length);
}

int run(const std::map<std::string, std::string>& flags) {
  const auto text = [&](const char* name, const std::string& otherwise) {
    const auto it = flags.find(name);
    return it == flags.end() ? otherwise : it->second;
  };
  std::set<std::string> wanted;
  for (const char* section : {"relay", "sse", "latency", "idle", "key", "portkey", "translated", "tls"})
    if (flags.contains(section) || flags.contains("all")) wanted.insert(section);
  if (wanted.empty()) wanted = {"relay", "sse", "latency", "idle"};
  const auto beside = std::filesystem::canonical("/proc/self/exe").parent_path().parent_path() / "twolane";
  char directory[] = "/tmp/twolane-bench-XXXXXX";
  if (!::mkdtemp(directory)) return 1;
  const Paths paths{text("twolane", beside), flags.contains("nginx") ? flags.at("nginx") : installed("nginx"),
                    flags.contains("haproxy") ? flags.at("haproxy") : installed("haproxy"), directory};
  const Length length{std::atoi(text("rounds", "3").c_str()), std::atof(text("seconds", "1.2").c_str())};
  Load::start_provider();
  const Upstream plain{"127.0.0.1:" + std::to_string(Load::provider_port), ""};
  const auto any = [&](std::initializer_list<const char*> names) {
    return std::ranges::any_of(names, [&](const char* name) { return wanted.contains(name); });
  };
  if (any({"relay", "sse", "latency", "idle", "key", "portkey"})) {
    Peers peers(paths, plain, 18080);
    peers.add_nginx();
    peers.add_haproxy();
    if (wanted.contains("portkey")) peers.add_portkey();
    if (wanted.contains("key")) peers.add_twolane(true);
    peers.add_twolane(false);
    const bool only_more = !any({"relay", "sse", "latency", "idle"});
    if (wanted.contains("relay") || only_more) closed_loop(peers, "4 KB in, 1 KB out", false, 64, length);
    if (wanted.contains("sse") || only_more) closed_loop(peers, "SSE, 20 events at 10 ms", true, 100, length);
    for (const double rate : {500.0, 2000.0})
      if (wanted.contains("latency")) open_loop(peers, rate, length);
    if (wanted.contains("idle")) idle_memory(peers, 2000);
  }
  if (wanted.contains("translated")) translated(paths, plain, length);
  if (wanted.contains("tls")) tls_upstream(paths, length);
  std::filesystem::remove_all(directory);
  return 0;
}

}  // namespace
}  // namespace bench

int main(int count, char** arguments) {
  ::signal(SIGPIPE, SIG_IGN);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  bench::pin(1);
  return bench::run(bench::flags_of(count, arguments));
}
