// What a simulated model says: deterministic in the request's text, and its tokens.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "model/usage.h"
#include "sim/ask.h"
#include "sim/labels.h"
#include "sim/random.h"

namespace twolane::sim {

// Prefixes that a provider has seen lately. One for the live lane of an account, one for each
// batch.
class PrefixCache {
 public:
  // How many tokens of the prompt are found, and how many are written; both 0 below 1,024.
  struct Found {
    int64_t read = 0, written = 0;
  };
  Found look(const Ask& ask, double hits, Draw draw, bool batch);

 private:
  Found look_marked(const Ask& ask, bool lucky);
  Found look_plain(const Ask& ask, bool lucky);
  bool add(uint64_t prefix);

  std::unordered_set<uint64_t> seen_;
  std::vector<std::pair<int64_t, uint64_t>> prefixes_;  // of the prompt in hand: tokens, hash
};

enum class Finish : uint8_t { stop, length, tool };

struct Said {
  std::string text;     // the answer, or the tool call's arguments as JSON
  std::string thought;  // what it says it thought, where that is shown
  Finish finish = Finish::stop;
  Usage usage;
};

class Answerer {
 public:
  // The answer to a request that is not refused. `said` is overwritten; its buffers are reused.
  // `tier` is the one that serves.
  void answer(const Ask& ask, ServiceTier tier, PrefixCache& cache, double cache_hits, Draw draw,
              Said& said);

 private:
  void write_text(const Ask& ask, Draw words, std::string& out);
  Labels labels_;
};

// A unit vector of that many dimensions for a text, as JSON numbers ("[0.1,...]") or as base64 of
// little-endian floats.
void append_embedding(std::string& out, std::string_view text, int64_t dimensions, bool base64);

}  // namespace twolane::sim
