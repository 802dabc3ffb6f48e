// How fast logs are read: MB/s and memory, beside `wc -l` and a plain simdjson parse of the same file.
//
// usage: audit_bench [MB [KIND]]     default: 1000 MB of each kind: access, spend, bodies; in /tmp
//
// Each figure is a process of its own; the file is warm. "parse" looks at every member of every line and
// keeps nothing; "read" gives every call to a sink that adds up; "audit" gives them to the collector.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "audit/collector.h"
#include "audit/json.h"
#include "audit/reader.h"

using namespace twolane;

namespace {

constexpr size_t block = 1 << 20;

// Deterministic, so that two runs measure the same bytes.
class Numbers {
 public:
  uint64_t next(uint64_t below) {
    state_ = state_ * 6364136223846793005ull + 1442695040888963407ull;
    return (state_ >> 33) % below;
  }

 private:
  uint64_t state_ = 7;
};

struct Kind {
  const char* name;
  std::function<void(std::string&, int64_t, Numbers&)> line;
};

std::string stamp(int64_t ms) { return rfc3339(Time{ms}); }

void access_line(std::string& out, int64_t ms, Numbers& n) {
  char text[600];
  const auto input = 200 + n.next(4000);
  const int length = std::snprintf(
      text, sizeof text,
      R"({"at":"%s","id":"tw-%016llx","upstream_id":"req_%016llx","key":"team-%02llu","method":"POST","path":"/v1/chat/completions","model":"gpt-5.4-mini","provider":"openai","lane":"interactive","status":200,"tier":"standard","input_tokens":%llu,"cached_tokens":%llu,"output_tokens":%llu,"cost_usd":"0.00%llu","bytes_in":%llu,"bytes_out":1200,"total_us":%llu,"overhead_us":81})"
      "\n",
      stamp(ms).c_str(), static_cast<unsigned long long>(n.next(1ull << 30)), static_cast<unsigned long long>(n.next(1ull << 30)),
      static_cast<unsigned long long>(n.next(40)), static_cast<unsigned long long>(input),
      static_cast<unsigned long long>(n.next(input)), static_cast<unsigned long long>(1 + n.next(900)),
      static_cast<unsigned long long>(100 + n.next(900)), static_cast<unsigned long long>(input * 4),
      static_cast<unsigned long long>(400'000 + n.next(9'000'000)));
  out.append(text, static_cast<size_t>(length));
}

// As LiteLLM dumps its table: JSON in texts.
void spend_line(std::string& out, int64_t ms, Numbers& n) {
  char text[2000];
  const auto input = 200 + n.next(4000), output = 1 + n.next(900);
  const int length = std::snprintf(
      text, sizeof text,
      R"({"request_id":"chatcmpl-%016llx","session_id":"s-%llu","call_type":"acompletion","api_key":"88dc28d0f0%06llu","cache_hit":"None","startTime":"%s","endTime":"%s","completionStartTime":"%s","model":"gpt-5.4-mini","user":"u%llu","team_id":"t%llu","organization_id":"","metadata":"{\"batch_models\": null, \"user_api_key_alias\": \"team-%02llu\", \"usage_object\": {\"completion_tokens\": %llu, \"prompt_tokens\": %llu, \"total_tokens\": %llu, \"prompt_tokens_details\": {\"cached_tokens\": %llu, \"audio_tokens\": 0}, \"completion_tokens_details\": {\"reasoning_tokens\": 0}}, \"azure_spillover\": null, \"applied_guardrails\": [], \"model_map_information\": {\"model_map_key\": \"gpt-5.4-mini\"}}","cache_key":"Cache OFF","spend":0.00%llu,"total_tokens":%llu,"prompt_tokens":%llu,"completion_tokens":%llu,"request_tags":"[\"User-Agent: python\"]","end_user":"","api_base":"https://api.openai.com","model_group":"mini","model_id":"7e2f","requester_ip_address":null,"custom_llm_provider":"openai","messages":"{}","response":"{}","proxy_server_request":"{}","status":"success","mcp_namespaced_tool_name":null,"agent_id":null})"
      "\n",
      static_cast<unsigned long long>(n.next(1ull << 30)), static_cast<unsigned long long>(n.next(5000)),
      static_cast<unsigned long long>(n.next(40)), stamp(ms).c_str(), stamp(ms + 2500).c_str(), stamp(ms + 2500).c_str(),
      static_cast<unsigned long long>(n.next(300)), static_cast<unsigned long long>(n.next(8)),
      static_cast<unsigned long long>(n.next(40)), static_cast<unsigned long long>(output),
      static_cast<unsigned long long>(input), static_cast<unsigned long long>(input + output),
      static_cast<unsigned long long>(n.next(input)), static_cast<unsigned long long>(100 + n.next(900)),
      static_cast<unsigned long long>(input + output), static_cast<unsigned long long>(input),
      static_cast<unsigned long long>(output));
  out.append(text, static_cast<size_t>(length));
}

// With bodies: a conversation of some turns under one of a few system prompts.
void payload_line(std::string& out, int64_t ms, Numbers& n) {
  const auto family = n.next(6), turns = 1 + n.next(4);
  out += R"({"id":"p-)" + std::to_string(n.next(1ull << 30)) + R"(","trace_id":"t","call_type":"acompletion","stream":true,"response_cost":0.0021,"status":"success","custom_llm_provider":"openai","prompt_tokens":1400,"completion_tokens":60,"startTime":)" +
         std::to_string(ms / 1000) + R"(.25,"endTime":)" + std::to_string(ms / 1000 + 3) + R"(.5,"model":"gpt-5.4-mini","metadata":{"user_api_key_hash":"h","user_api_key_alias":"team-)" +
         std::to_string(n.next(40)) + R"("},"end_user":"u","messages":[{"role":"system","content":")";
  for (int i = 0; i < 40; ++i) out += "You are assistant " + std::to_string(family) + " and follow rule " + std::to_string(i) + ".\\n";
  out += "\"}";
  for (uint64_t turn = 0; turn < turns; ++turn) {
    out += R"(,{"role":"user","content":")";
    for (int i = 0; i < 12; ++i) out += "word" + std::to_string(n.next(100'000)) + " is \\\"quoted\\\" here. ";
    out += R"("},{"role":"assistant","content":"Answer )" + std::to_string(n.next(1'000'000)) + R"( that was given."})";
  }
  out += R"(],"response":{"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":"Answer )" +
         std::to_string(n.next(1'000'000)) + R"( as before."}}],"usage":{"prompt_tokens":1400,"completion_tokens":60,"total_tokens":1460,"prompt_tokens_details":{"cached_tokens":1024}}}})" "\n";
}

bool write_log(const std::string& path, const Kind& kind, int64_t bytes) {
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0 && info.st_size >= bytes) return true;
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return false;
  Numbers n;
  std::string out;
  int64_t written = 0, ms = 1'780'000'000'000;
  while (written < bytes) {
    out.clear();
    while (out.size() < block) kind.line(out, ms += static_cast<int64_t>(n.next(1500)), n);
    if (std::fwrite(out.data(), 1, out.size(), file) != out.size()) return false;
    written += static_cast<int64_t>(out.size());
  }
  return std::fclose(file) == 0;
}

template <class F>
void each_block(const std::string& path, F&& f) {
  const int file = ::open(path.c_str(), O_RDONLY);
  std::vector<char> buffer(block);
  for (ssize_t n; (n = ::read(file, buffer.data(), buffer.size())) > 0;) f(std::string_view(buffer.data(), static_cast<size_t>(n)));
  ::close(file);
}

class Adding final : public audit::Sink {
 public:
  int64_t calls = 0, tokens = 0;
  void call(const audit::Call& c) override {
    ++calls;
    if (c.usage) tokens += c.usage->input() + c.usage->output;
  }
  void bucket(const audit::Bucket&) override {}
};

void read_all(const std::string& path, audit::Sink& sink) {
  audit::Lengths lengths;
  audit::LogReader reader(path, nullptr, lengths, sink);
  each_block(path, [&](std::string_view piece) {
    if (!reader.feed(piece)) std::abort();
  });
  if (!reader.finish() || reader.read().bad() > 0) std::abort();
}

// Every member of every line, with its value looked at as far as simdjson must to go on.
void parse_all(const std::string& path) {
  simdjson::ondemand::parser parser;
  std::string rest;
  int64_t members = 0;
  const auto lines = [&](std::string_view bytes) {
    for (size_t end; (end = bytes.find('\n')) != bytes.npos; bytes.remove_prefix(end + 1)) {
      simdjson::ondemand::document document;
      simdjson::ondemand::object object;
      if (!audit::open_json(parser, bytes.substr(0, end), document) ||
          document.get_object().get(object) != simdjson::SUCCESS)
        std::abort();
      audit::each_member(object, [&](std::string_view, simdjson::ondemand::value&) { return ++members > 0; });
    }
    return bytes;
  };
  each_block(path, [&](std::string_view piece) {
    rest.append(piece);
    rest.append(simdjson::SIMDJSON_PADDING, ' ');
    const size_t left = lines(std::string_view(rest).substr(0, rest.size() - simdjson::SIMDJSON_PADDING)).size();
    rest.erase(0, rest.size() - simdjson::SIMDJSON_PADDING - left);
    rest.resize(left);
  });
}

void measure(const char* what, int64_t bytes, const std::function<void()>& work) {
  std::fflush(stdout);
  const auto begin = std::chrono::steady_clock::now();
  const pid_t child = ::fork();
  if (child == 0) {
    work();
    ::_exit(0);
  }
  int status = 0;
  rusage used{};
  ::wait4(child, &status, 0, &used);
  const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const double cpu = static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                     static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
  const double size = static_cast<double>(bytes) / 1e6;
  std::printf("  %-8s %6.0f MB/s, by CPU time %6.0f MB/s   %6.2f s   peak %4ld MB%s\n", what, size / took, size / cpu, took,
              used.ru_maxrss / 1024, status == 0 ? "" : "   FAILED");
}

}  // namespace

int main(int count, char** arguments) {
  const int64_t bytes = (count > 1 ? std::atoll(arguments[1]) : 1000) * 1'000'000;
  const Kind kinds[] = {{"access", access_line}, {"spend", spend_line}, {"bodies", payload_line}};
  for (const Kind& kind : kinds) {
    if (count > 2 && std::string(arguments[2]) != kind.name) continue;
    const std::string path = std::string("/tmp/audit_bench_") + kind.name + ".jsonl";
    if (!write_log(path, kind, bytes)) return 1;
    struct stat info {};
    ::stat(path.c_str(), &info);
    std::printf("%s: %.2f GB\n", kind.name, static_cast<double>(info.st_size) / 1e9);
    measure("wc -l", info.st_size, [&] { ::execlp("wc", "wc", "-l", path.c_str(), nullptr); });
    measure("parse", info.st_size, [&] { parse_all(path); });
    measure("read", info.st_size, [&] {
      Adding sink;
      read_all(path, sink);
    });
    measure("audit", info.st_size, [&] {
      audit::Collector sink({});
      read_all(path, sink);
      (void)sink.finish();
    });
    if (std::getenv("AUDIT_BENCH_KEEP") == nullptr) ::unlink(path.c_str());
  }
}
