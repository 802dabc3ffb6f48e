// For tests: the recorded exchanges with providers, sorted by the endpoint whose words they are in.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "dialect/translate_fields.h"
#include "wire/json.h"

namespace twolane::dialect {

inline constexpr std::array chat_endpoints = {Endpoint::chat_completions, Endpoint::responses,
                                              Endpoint::messages, Endpoint::generate_content};

struct Exchange {
  std::string at;  // "openai.jsonl:12"
  Endpoint endpoint;
  int status = 0;
  Json request, response;
};

struct Recordings {
  std::vector<Exchange> covered;
  std::map<std::string, int> not_covered;  // what is in the files and in no dialect of ours
  bool found = false;
};

inline bool ends_with_response_id(std::string_view path) {
  return path.find("/v1/responses/resp_") != path.npos;
}

inline std::optional<Endpoint> endpoint_of(std::string_view method, std::string_view path) {
  path = path.substr(0, path.find('?'));
  if (path.ends_with("/chat/completions")) return Endpoint::chat_completions;
  if (path.ends_with("/responses") && method == "POST") return Endpoint::responses;
  if (ends_with_response_id(path) && method == "GET") return Endpoint::responses;
  if (path.ends_with("/v1/messages")) return Endpoint::messages;
  if (path.ends_with("/us.anthropic.claude-opus-4-8/invoke")) return Endpoint::messages;
  if (path.ends_with(":generateContent") || path.ends_with(":streamGenerateContent"))
    return Endpoint::generate_content;
  if (path.ends_with(":embedContent")) return Endpoint::embed_content;
  if (path.ends_with("/embeddings")) return Endpoint::embeddings;
  return std::nullopt;
}

// What a path is about, without the model's name.
inline std::string subject_of(const std::string& file, std::string path) {
  path = path.substr(0, path.find('?'));
  const size_t colon = path.rfind(':'), slash = path.rfind('/');
  return file + " " + path.substr(std::max(colon == path.npos ? 0 : colon, slash));
}

inline const Recordings& recordings() {
  static const Recordings all = [] {
    Recordings r;
    const std::filesystem::path directory =
        std::filesystem::path(TWOLANE_SHARED_DIR) / "recordings";
    if (!std::filesystem::is_directory(directory)) return r;
    r.found = true;
    std::set<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(directory))
      if (entry.path().extension() == ".jsonl") files.insert(entry.path());
    for (const auto& file : files) {
      std::ifstream in(file);
      std::string line;
      for (int n = 1; std::getline(in, line); ++n) {
        const auto parsed = wire::parse_json(line);
        EXPECT_TRUE(parsed) << file << ":" << n;
        if (!parsed) continue;
        const std::string path(wire::string_at(*parsed, "path"));
        const auto endpoint = endpoint_of(wire::string_at(*parsed, "method"), path);
        if (!endpoint) {
          ++r.not_covered[subject_of(file.filename().string(), path)];
          continue;
        }
        r.covered.push_back({file.filename().string() + ":" + std::to_string(n), *endpoint,
                             static_cast<int>(wire::int_at(*parsed, "status")),
                             parsed->at("request"), parsed->at("response")});
      }
    }
    return r;
  }();
  return all;
}

}  // namespace twolane::dialect

#define NEED_RECORDINGS()                                                    \
  if (!recordings().found) {                                                 \
    if (std::getenv("CI")) FAIL() << "no recordings in " TWOLANE_SHARED_DIR; \
    GTEST_SKIP() << "no recordings in " TWOLANE_SHARED_DIR;                  \
  }
