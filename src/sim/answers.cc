// Answers are composed from the words of the request; caches remember hashes of prefixes, not
// texts.

#include "sim/answers.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "sim/json_text.h"
#include "sim/schema_answer.h"

namespace twolane::sim {

namespace {

constexpr int64_t least_cached = 1024;  // tokens
constexpr double found_by_key = 2.0 / 3;  // of misses: 60 % of hits become 87 %, as one customer saw (OpenAI, Build Hour)
constexpr size_t most_prefixes = 200'000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool asks_for_a_number(std::string_view text) {
  return std::any_of(text.begin(), text.end(), is_digit) &&
         (text.find("ow many") != text.npos || text.find("ow much") != text.npos ||
          text.find("####") != text.npos || text.find("alculate") != text.npos);
}

// The first `words` words, on one line.
void append_words(std::string& out, std::string_view text, int words) {
  bool gap = false;
  for (char c : cut_utf8(text, 400)) {
    if (c == ' ' || c == '\n' || c == '\t' || c == '\r') {
      if (!gap && --words == 0) break;
      gap = true;
      continue;
    }
    if (gap) out += ' ';
    gap = false;
    out += c;
  }
}

// How many tokens a text of the answer is.
int64_t answer_tokens(std::string_view text) {
  return std::max<int64_t>(1, tokens_of(static_cast<int64_t>(text.size())));
}

int64_t thought_tokens(const Ask& ask, Draw draw) {
  const Model& m = *ask.model;
  if (ask.think == 0 || !(m.reasons || (ask.think == 1 && m.may_reason))) return 0;
  return 48 + static_cast<int64_t>(draw.bits(Chance::thought) % 256);
}

}  // namespace

bool PrefixCache::add(uint64_t prefix) {
  if (seen_.size() >= most_prefixes) seen_.clear();  // everything lapses at last
  return seen_.insert(prefix).second;
}

PrefixCache::Found PrefixCache::look_marked(const Ask& ask, bool lucky) {
  int64_t bytes = 0;
  uint64_t hash = hash_text(ask.model->name);
  for (int64_t i = 0; i < ask.marked_texts; ++i) {
    hash = hash_text(ask.texts[static_cast<size_t>(i)], hash);
    bytes += static_cast<int64_t>(ask.texts[static_cast<size_t>(i)].size());
  }
  const int64_t tokens = tokens_of(bytes);
  if (tokens < least_cached) return {};
  const bool fresh = add(hash);
  return !fresh && lucky ? Found{tokens, 0} : Found{0, tokens};
}

PrefixCache::Found PrefixCache::look_plain(const Ask& ask, bool lucky) {
  prefixes_.clear();
  uint64_t hash = hash_text(ask.model->name);
  int64_t bytes = 0, next = least_cached * 4;
  for (std::string_view text : ask.texts) {
    std::string_view rest = text;
    while (bytes + static_cast<int64_t>(rest.size()) >= next) {
      const auto part = static_cast<size_t>(next - bytes);
      hash = hash_text(rest.substr(0, part), hash);
      rest.remove_prefix(part);
      bytes = next;
      prefixes_.emplace_back(next / 4, hash);
      next *= 2;
    }
    hash = hash_text(rest, hash);
    bytes += static_cast<int64_t>(rest.size());
  }
  Found found;
  for (auto [tokens, prefix] : prefixes_)
    if (!add(prefix) && lucky) found.read = std::min(tokens, ask.input_tokens);
  if (ask.model->reports_writes)
    found.written = std::max<int64_t>(0, ask.input_tokens / 128 * 128 - found.read);
  return found;
}

PrefixCache::Found PrefixCache::look(const Ask& ask, double hits, Draw draw, bool batch) {
  const Model& m = *ask.model;
  if (!m.caches || tokens_of(ask.text_bytes) < least_cached) return {};
  if (batch && m.batch_cache == Model::BatchCache::none) return {};
  // Without a key requests are spread over machines, each with a cache of its own.
  const bool keyed = ask.cache_key && m.provider == Provider::openai;
  const bool lucky = draw.hits(keyed ? hits + (1 - hits) * found_by_key : hits, Chance::cache);
  if (m.provider != Provider::anthropic) return look_plain(ask, lucky);
  return ask.marked_texts > 0 ? look_marked(ask, lucky) : Found{};
}

void Answerer::write_text(const Ask& ask, Draw words, std::string& out) {
  if (!ask.tool.empty()) {
    if (ask.tool_schema)
      append_instance(out, *ask.tool_schema, ask.user, words.bits(Chance::wording));
    else
      out += "{}";
  } else if (ask.schema) {
    append_instance(out, *ask.schema, ask.user, words.bits(Chance::wording));
  } else if (labels_.find(ask.system, ask.user)) {
    const std::string_view label = labels_.best(ask.user, words.bits(Chance::wording));
    if (!ask.json_object) return void(out += label);
    out += "{\"label\":";
    append_quoted(out, label);
    out += '}';
  } else if (ask.json_object) {
    out += "{\"answer\":";
    std::string start;
    append_words(start, ask.user, 12);
    append_quoted(out, start);
    out += '}';
  } else if (ask.user.find("[[") != std::string_view::npos) {  // a judge is asked for [[verdict]]
    out += "Both points were weighed. Rating: [[";
    append_number(out, 1 + static_cast<int64_t>(words.bits(Chance::wording) % 10));
    out += "]]";
  } else if (asks_for_a_number(ask.user)) {
    const auto n = static_cast<int64_t>(words.bits(Chance::wording) % 240);
    out += "Adding it up step by step gives ";
    append_number(out, n);
    out += ".\n#### ";
    append_number(out, n);
  } else {
    out += "In short: ";
    append_words(out, ask.user, 14);
    out += '.';
  }
}

void Answerer::answer(const Ask& ask, ServiceTier tier, PrefixCache& cache, double cache_hits,
                      Draw draw, Said& said) {
  said.text.clear();
  said.thought.clear();
  said.finish = ask.tool.empty() ? Finish::stop : Finish::tool;
  said.usage = {};
  if (ask.model->kind != Model::Kind::chat) {
    said.usage.fresh = ask.input_tokens;
    return;
  }
  // The words depend on the request alone, not on when and where it runs.
  const Draw words{hash_text(ask.user, hash_text(ask.system))};
  write_text(ask, words, said.text);

  const int64_t limit = ask.limit > 0 ? ask.limit : ask.model->most_output;
  int64_t visible = answer_tokens(said.text);
  if (visible > limit) {
    said.text.resize(cut_utf8(said.text, static_cast<size_t>(limit) * 4).size());
    said.finish = Finish::length;
    visible = limit;
  }
  said.usage.reasoning = std::min(thought_tokens(ask, words), limit - visible);
  if (said.usage.reasoning > 0) {
    said.thought = "The question is about: ";
    append_words(said.thought, ask.user, 6);
  }
  // Several choices share the prompt; each has its own tokens.
  said.usage.output = visible * ask.choices + said.usage.reasoning;

  if (ask.cached) {  // named, and therefore always found
    said.usage.cache_read = std::min(ask.cached_tokens, ask.input_tokens);
    said.usage.fresh = ask.input_tokens - said.usage.cache_read;
    return;
  }
  const auto found = cache.look(ask, cache_hits, draw, tier == ServiceTier::batch);
  said.usage.cache_read = found.read;
  (ask.mark_for_an_hour ? said.usage.cache_write_1h : said.usage.cache_write_5m) = found.written;
  said.usage.fresh = ask.input_tokens - found.read - found.written;
}

void append_embedding(std::string& out, std::string_view text, int64_t dimensions, bool base64) {
  thread_local std::vector<float> values;
  values.resize(static_cast<size_t>(dimensions));
  uint64_t h = hash_text(text);
  double norm = 0;
  for (float& v : values) {
    h = mix(h);
    v = static_cast<float>(static_cast<double>(h >> 11) * 0x1.0p-52 - 1);
    norm += static_cast<double>(v) * static_cast<double>(v);
  }
  norm = std::sqrt(std::max(norm, 1e-12));
  for (float& v : values) v = static_cast<float>(static_cast<double>(v) / norm);
  if (base64) {
    out += '"';
    append_base64(out,
                  {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)});
    out += '"';
    return;
  }
  out += '[';
  for (size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out += ',';
    append_fixed(out, static_cast<double>(values[i]), 5);
  }
  out += ']';
}

}  // namespace twolane::sim
