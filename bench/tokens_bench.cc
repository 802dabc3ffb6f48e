// How fast tokens are counted exactly: MB/s over the texts of a file, one text a line (JSON
// strings).
//
//   tokens_bench TABLES o200k|cl100k FILE [SECONDS]    prints texts, bytes, tokens, MB/s
//   tokens_bench TABLES o200k|cl100k FILE --counts     prints the count of each text, a line each
//   tokens_bench TABLES o200k|cl100k FILE --ids        prints the token numbers of each text
//   tokens_bench TABLES o200k|cl100k FILE --features   prints the count, the features and the
//                                                      estimates (o200k cl100k) of each text
//
// bench/tokens.sh runs it beside npm's tiktoken on the same files, in alternating rounds.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "patient/token_tables.h"
#include "price/tokens/estimate.h"
#include "wire/json.h"

using namespace twolane;

namespace {

std::vector<std::string> read_texts(const char* path) {
  std::vector<std::string> texts;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);)
    if (auto value = wire::parse_json(line); value && value->is_string())
      texts.push_back(value->get<std::string>());
  return texts;
}

void print_ids(price::tokens::Counter& counter, const std::vector<std::string>& texts) {
  std::vector<uint32_t> ids;
  for (const auto& text : texts) {
    ids.clear();
    counter.encode(text, ids);
    for (const uint32_t id : ids) std::printf("%u ", id);
    std::printf("\n");
  }
}

void print_features(price::tokens::Counter& counter, const std::vector<std::string>& texts) {
  using namespace price::tokens;
  for (const auto& text : texts) {
    Features features;
    features.add(text);
    std::printf("%lld", static_cast<long long>(counter.count(text)));
    for (int f = 0; f < feature_count; ++f)
      std::printf(" %lld", static_cast<long long>(features.of(static_cast<Feature>(f))));
    for (const Family family : {Family::o200k, Family::cl100k})
      std::printf(" %lld", static_cast<long long>(estimate(family, features)));
    std::printf("\n");
  }
}

void measure(price::tokens::Counter& counter, const std::vector<std::string>& texts, double least) {
  int64_t bytes = 0, tokens = 0;
  for (const auto& text : texts) bytes += static_cast<int64_t>(text.size());
  using clock = std::chrono::steady_clock;
  const auto begin = clock::now();
  double seconds = 0;
  int rounds = 0;
  for (; seconds < least || rounds == 0; ++rounds) {
    tokens = 0;
    for (const auto& text : texts) tokens += counter.count(text);
    seconds = std::chrono::duration<double>(clock::now() - begin).count();
  }
  std::printf("{\"texts\":%zu,\"bytes\":%lld,\"tokens\":%lld,\"mb_per_s\":%.1f}\n", texts.size(),
              static_cast<long long>(bytes), static_cast<long long>(tokens),
              static_cast<double>(bytes) * rounds / seconds / 1e6);
}

}  // namespace

int main(int count, char** words) {
  if (count == 1) return std::printf("bench/tokens.sh runs it beside npm's tiktoken\n"), 0;
  if (count < 4) return std::fprintf(stderr, "tokens_bench TABLES ENCODING FILE [...]\n"), 2;
  const auto encoding = std::string(words[2]) == "cl100k" ? price::tokens::Encoding::cl100k
                                                          : price::tokens::Encoding::o200k;
  const auto vocabulary = patient::load_vocabulary({words[1]}, encoding);
  if (!vocabulary || !*vocabulary) return std::fprintf(stderr, "no table there\n"), 2;
  price::tokens::Counter counter(**vocabulary);
  const auto texts = read_texts(words[3]);
  const std::string what = count > 4 ? words[4] : "2";
  if (what == "--ids") {
    print_ids(counter, texts);
  } else if (what == "--features") {
    print_features(counter, texts);
  } else if (what == "--counts") {
    for (const auto& text : texts)
      std::printf("%lld\n", static_cast<long long>(counter.count(text)));
  } else {
    measure(counter, texts, std::atof(what.c_str()));
  }
  return 0;
}
