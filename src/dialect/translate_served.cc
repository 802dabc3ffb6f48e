// Usage and tier of an answer, in every provider's convention, read without building a tree.
#include <algorithm>
#include <optional>

#include "dialect/translate.h"
#include "dialect/translate_scan.h"

namespace twolane::dialect {
namespace {

using simdjson::dom::element;

std::unexpected<Error> no_usage(std::string why) {
  return fail("dialect.no_usage", "the answer does not say what it used", std::move(why));
}

int64_t count_in(element in, std::string_view object, std::string_view key) {
  const auto inner = member(in, object);
  return inner ? count_member(*inner, key) : 0;
}

// Gemini's [{"modality":"AUDIO","tokenCount":7}, ...].
int64_t of_modality(element usage, std::string_view details, std::string_view modality) {
  int64_t sum = 0;
  simdjson::dom::array list;
  if (const auto found = member(usage, details); found && !found->get(list))
    for (const element one : list)
      if (text_member(one, "modality") == modality) sum += count_member(one, "tokenCount");
  return sum;
}

// Cached and written tokens are part of the prompt at OpenAI; where a neighbour's counts overlap,
// the total is kept.
void split_prompt(int64_t prompt, int64_t read, int64_t written, Usage& to) {
  to.cache_read = std::clamp<int64_t>(read, 0, prompt);
  to.cache_write_5m = std::clamp<int64_t>(written, 0, prompt - to.cache_read);
  to.fresh = prompt - to.cache_read - to.cache_write_5m;
}

// Some neighbours leave reasoning out of the completion; the total gives it away.
void add_hidden(int64_t hidden, Usage& to) {
  if (hidden <= 0) return;
  to.output += hidden;
  to.reasoning = std::max(to.reasoning, hidden);
}

Usage chat_usage(element usage) {
  Usage u;
  const int64_t prompt = std::max<int64_t>(0, count_member(usage, "prompt_tokens"));
  int64_t read = count_in(usage, "prompt_tokens_details", "cached_tokens");
  for (const std::string_view key :
       {"num_cached_tokens", "cached_tokens", "prompt_cache_hit_tokens"})
    if (read == 0) read = count_member(usage, key);
  split_prompt(prompt, read, count_in(usage, "prompt_tokens_details", "cache_write_tokens"), u);
  u.output = std::max<int64_t>(0, count_member(usage, "completion_tokens"));
  u.reasoning = count_in(usage, "completion_tokens_details", "reasoning_tokens");
  add_hidden(count_member(usage, "total_tokens") - prompt - u.output, u);
  u.reasoning = std::clamp<int64_t>(u.reasoning, 0, u.output);
  u.audio_input = std::clamp<int64_t>(count_in(usage, "prompt_tokens_details", "audio_tokens"), 0, u.fresh);
  return u;
}

Usage responses_usage(element usage) {
  Usage u;
  split_prompt(std::max<int64_t>(0, count_member(usage, "input_tokens")),
               count_in(usage, "input_tokens_details", "cached_tokens"),
               count_in(usage, "input_tokens_details", "cache_write_tokens"), u);
  u.output = std::max<int64_t>(0, count_member(usage, "output_tokens"));
  u.reasoning = std::clamp<int64_t>(count_in(usage, "output_tokens_details", "reasoning_tokens"), 0,
                                    u.output);
  return u;
}

Usage messages_usage(element usage) {
  Usage u;
  u.fresh = count_member(usage, "input_tokens");
  u.cache_read = count_member(usage, "cache_read_input_tokens");
  u.cache_write_1h = count_in(usage, "cache_creation", "ephemeral_1h_input_tokens");
  u.cache_write_5m = count_in(usage, "cache_creation", "ephemeral_5m_input_tokens");
  // Without the split, writes are of the default duration.
  const int64_t written = count_member(usage, "cache_creation_input_tokens");
  if (written > u.cache_write_5m + u.cache_write_1h) u.cache_write_5m = written - u.cache_write_1h;
  u.output = count_member(usage, "output_tokens");
  u.reasoning =
      std::clamp<int64_t>(count_in(usage, "output_tokens_details", "thinking_tokens"), 0, u.output);
  u.searches = std::max<int64_t>(0, count_in(usage, "server_tool_use", "web_search_requests"));
  return u;
}

Usage gemini_usage(element usage) {
  Usage u;
  const int64_t prompt = count_member(usage, "promptTokenCount");
  split_prompt(prompt, count_member(usage, "cachedContentTokenCount"), 0, u);
  u.fresh +=
      count_member(usage, "toolUsePromptTokenCount");  // what its own tools put into the prompt
  u.reasoning = count_member(usage, "thoughtsTokenCount");
  u.output = count_member(usage, "candidatesTokenCount") + u.reasoning;
  const int64_t audio =
      of_modality(usage, "promptTokensDetails", "AUDIO") - of_modality(usage, "cacheTokensDetails", "AUDIO");
  u.audio_input = std::clamp<int64_t>(audio, 0, u.fresh);
  u.image_output = std::clamp<int64_t>(of_modality(usage, "candidatesTokensDetails", "IMAGE"), 0, u.output);
  return u;
}

std::optional<ServiceTier> tier_named(std::string_view word) {
  if (word == "default" || word == "standard" || word == "on_demand" || word == "ON_DEMAND")
    return ServiceTier::standard;
  if (word == "flex" || word == "ON_DEMAND_FLEX") return ServiceTier::flex;
  if (word == "priority" || word == "fast" || word == "ultrafast" || word == "ON_DEMAND_PRIORITY")
    return ServiceTier::priority;
  if (word == "batch") return ServiceTier::batch;
  if (word == "scale" || word == "PROVISIONED_THROUGHPUT") return ServiceTier::scale;
  return std::nullopt;
}

void name_tier(std::string_view word, Served& to) {
  if (const auto tier = tier_named(word)) {
    to.tier = *tier;
    to.tier_said = true;
  }
}

Result<Served> openai_served(Endpoint endpoint, element body) {
  Served s;
  s.response_id = text_member(body, "id");
  s.model = text_member(body, "model");
  name_tier(text_member(body, "service_tier"), s);
  if (endpoint == Endpoint::moderations) return s;  // free, and says no usage
  s.failed = endpoint == Endpoint::responses && text_member(body, "status") == "failed";
  const auto usage = member(body, "usage");
  if (s.failed && (!usage || usage->is_null())) return s;
  if (!usage || !usage->is_object()) return no_usage("it has no usage");
  s.usage = endpoint == Endpoint::responses ? responses_usage(*usage) : chat_usage(*usage);
  if (endpoint == Endpoint::embeddings) s.usage.output = s.usage.reasoning = 0;
  return s;
}

Result<Served> anthropic_served(element body) {
  Served s;
  s.response_id = text_member(body, "id");
  s.model = text_member(body, "model");
  const auto usage = member(body, "usage");
  if (!usage || !usage->is_object()) return no_usage("it has no usage");
  name_tier(text_member(*usage, "service_tier"), s);
  s.usage = messages_usage(*usage);
  return s;
}

Result<Served> gemini_served(Endpoint endpoint, element body) {
  Served s;
  s.response_id = text_member(body, "responseId");
  s.model = text_member(body, "modelVersion");
  const auto usage = member(body, "usageMetadata");
  if (usage) {
    name_tier(text_member(*usage, "serviceTier"), s);
    if (!s.tier_said) name_tier(text_member(*usage, "trafficType"), s);
    s.usage = gemini_usage(*usage);
  } else if (endpoint == Endpoint::embed_content && member(body, "tokenCount")) {
    s.usage.fresh = count_member(body, "tokenCount");
  } else {
    return no_usage("it has no usageMetadata");
  }
  return s;
}

// AWS: as Anthropic counts, cached tokens beside the input; writes of five minutes unless split.
Usage converse_usage(element usage) {
  Usage u;
  u.fresh = count_member(usage, "inputTokens");
  u.cache_read = count_member(usage, "cacheReadInputTokens");
  u.cache_write_5m = count_member(usage, "cacheWriteInputTokens");
  u.output = count_member(usage, "outputTokens");
  return u;
}

// Cohere bills fewer tokens than it processes (its own preamble is free), and cached ones like others.
Usage cohere_usage(element billed) {
  Usage u;
  u.fresh = count_member(billed, "input_tokens");
  u.output = count_member(billed, "output_tokens");
  return u;
}

Result<Served> foreign_served(element body, Usage usage) {
  Served s;
  s.response_id = text_member(body, "id");
  s.model = text_member(body, "model");
  s.usage = usage;
  if (const auto tier = member(body, "serviceTier"); tier && tier->is_object())
    name_tier(text_member(*tier, "type"), s);
  return s;
}

}  // namespace

Result<Served> read_served_of_any_form(std::string_view body) {
  const element root = TRY(scan(body));
  if (member(root, "usageMetadata")) return gemini_served(Endpoint::generate_content, root);
  const auto usage = member(root, "usage");
  if (!usage || !usage->is_object()) return no_usage("it has no usage");
  if (member(*usage, "inputTokens")) return foreign_served(root, converse_usage(*usage));
  if (const auto billed = member(*usage, "billed_units")) return foreign_served(root, cohere_usage(*billed));
  if (member(*usage, "prompt_tokens")) return openai_served(Endpoint::chat_completions, root);
  if (!member(*usage, "input_tokens")) return no_usage("its usage has no form that is known");
  const bool responses = text_member(root, "object") == "response" || member(*usage, "input_tokens_details");
  return responses ? openai_served(Endpoint::responses, root) : anthropic_served(root);
}

Result<Served> read_served(Endpoint endpoint, std::string_view body) {
  const element root = TRY(scan(body));
  switch (dialect_of(endpoint)) {
    case Dialect::anthropic:
      return anthropic_served(root);
    case Dialect::gemini:
      return gemini_served(endpoint, root);
    case Dialect::openai:
      break;
  }
  return openai_served(endpoint, root);
}

}  // namespace twolane::dialect
