// Turn marks, from recorded usage (../shared/recordings): OpenAI adds 4 tokens a message and 3 a
// request, 2 with its reasoning models; Anthropic's are alike within the error; Gemini has one a
// turn.
#include "patient/token_counting.h"

#include <algorithm>

#include "dialect/catalogue.h"
#include "dialect/prompt_text.h"
#include "dialect/translate_scan.h"
#include "patient/request_text.h"
#include "patient/token_tables.h"
#include "wire/json.h"

namespace twolane::patient {
namespace {

using price::tokens::Correction;
using price::tokens::Counter;
using price::tokens::Encoding;
using price::tokens::Features;

int64_t turn_marks(const Target& target, const PromptText& prompt, price::tokens::Family family) {
  using price::tokens::Family;
  if (prompt.operation != Operation::chat) return 0;
  if (family == Family::gemini) return prompt.messages;
  const auto* model = dialect::find_model(target.provider, target.model);
  return 4 * prompt.messages + (model && model->reasoning && family == Family::o200k ? 2 : 3);
}

Features features_of(const PromptText& prompt) {
  Features features;
  prompt.each([&](std::string_view text) { features.add(text); });
  return features;
}

std::string correction_fact(const std::string& world, const Target& target) {
  return "tokens." + world + '.' + target.provider + '/' + target.model;
}
std::string learned_fact(JobId job) { return "tokens.learned." + job.hex(); }

}  // namespace

Result<PromptText> prompt_text(Endpoint endpoint, std::string_view body) {
  PromptText out;
  const auto parts = TRY(dialect::each_prompt_text(endpoint, body, [&](std::string_view text) {
    out.bytes += text;
    out.ends.push_back(out.bytes.size());
  }));
  out.messages = parts.messages;
  out.media = parts.media;
  out.token_ids = parts.token_ids;
  out.marked = parts.marked;
  out.head_bytes = parts.head_bytes;
  out.block_bytes = parts.block_bytes;
  out.operation = operation_of(endpoint);
  return out;
}

void PromptText::each(const std::function<void(std::string_view)>& take) const {
  size_t begin = 0;
  for (const size_t end : ends) {
    take(std::string_view(bytes).substr(begin, end - begin));
    begin = end;
  }
}

uint64_t PromptText::head_hash() const { return dialect::hash_bytes(head(), 0x6865'6164); }
uint64_t PromptText::blocks_hash() const { return dialect::hash_bytes(blocks(), 0x626c'6f63); }

// OpenAI's own models, wherever they are served; the open-weight ones have another table.
Result<Counter*> TokenCounting::counter_of(const Target& target) {
  using price::tokens::Family;
  const Family family = price::tokens::family_of(target.model);
  if (family != Family::o200k && family != Family::cl100k) return nullptr;
  if (target.model.find("gpt-oss") != target.model.npos) return nullptr;
  const Encoding encoding = family == Family::o200k ? Encoding::o200k : Encoding::cl100k;
  Table& table = tables_[static_cast<size_t>(encoding)];
  if (!table.looked) {
    table.looked = true;
    table.vocabulary = TRY(load_vocabulary(directories_, encoding));
    if (table.vocabulary) table.counter = std::make_unique<Counter>(*table.vocabulary);
  }
  return table.counter.get();
}

Result<bool> TokenCounting::exact(const Target& target) {
  return TRY(counter_of(target)) != nullptr;
}

Result<int64_t> TokenCounting::count_text(const Target& target, std::string_view text) {
  if (Counter* counter = TRY(counter_of(target))) return counter->count(text);
  Features features;
  features.add(text);
  return estimate(price::tokens::family_of(target.model), features);
}

Result<int64_t> TokenCounting::count(const Target& target, const PromptText& prompt) {
  const auto family = price::tokens::family_of(target.model);
  int64_t tokens =
      turn_marks(target, prompt, family) + prompt.token_ids + prompt.media * tokens_of_media;
  if (Counter* counter = TRY(counter_of(target))) {
    prompt.each([&](std::string_view text) { tokens += counter->count(text); });
    return tokens;
  }
  return tokens + estimate(family, features_of(prompt));
}

Result<Correction> learned_tokens(store::Store& store, const std::string& world,
                                  const Target& target) {
  const std::string text = TRY(store.recall(correction_fact(world, target)));
  Correction c;
  const auto saved = wire::parse_json(text.empty() ? "{}" : text);
  if (!saved) return c;  // what cannot be read was not learned
  c.requests = wire::int_at(*saved, "requests");
  c.estimated = wire::int_at(*saved, "estimated");
  c.reported = wire::int_at(*saved, "reported");
  c.deviation = wire::int_at(*saved, "deviation");
  return c;
}

Status learn_tokens(store::Store& store, store::Payloads& payloads, const Job& job) {
  constexpr int64_t sample = 256;
  if (!TRY(store.recall(learned_fact(job.id))).empty()) return {};
  const auto options = TRY(input_options_from_json(job.options));
  std::map<std::pair<std::string, std::string>, Correction> learned;
  for (const auto& row : TRY(store.outcomes(job.id, 0, sample))) {
    if (row.state != RequestState::succeeded || !row.charged || row.length == 0) continue;
    const std::string line = TRY(payloads.read({job.input, row.offset, row.length}));
    const auto request = request_text(options, line, row.index);
    if (!request) continue;
    const auto prompt = prompt_text(request->endpoint, request->body);
    if (!prompt || prompt->media > 0) continue;
    const Target target{row.provider, row.model};
    const auto family = price::tokens::family_of(target.model);
    const int64_t guess = turn_marks(target, *prompt, family) + prompt->token_ids +
                          estimate(family, features_of(*prompt));
    auto [at, fresh] = learned.try_emplace({target.provider, target.model});
    if (fresh) at->second = TRY(learned_tokens(store, job.world, target));
    at->second.learn(guess, row.usage.input());
  }
  for (const auto& [model, c] : learned)
    CHECKED(store.remember(correction_fact(job.world, {model.first, model.second}),
                           wire::dump({{"requests", c.requests},
                                       {"estimated", c.estimated},
                                       {"reported", c.reported},
                                       {"deviation", c.deviation}})));
  return store.remember(learned_fact(job.id), "1");
}

}  // namespace twolane::patient
