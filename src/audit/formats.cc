// The table of formats.
#include "audit/formats.h"

#include <algorithm>
#include <array>

namespace twolane::audit {
namespace {

using Names = std::span<const std::string_view>;
using S = Slot;
using U = Unit;

// --- LiteLLM. `api_key` is a hash, `model` the deployment's, `model_group` the alias that callers use;
// `cache_hit` is the gateway's own cache. prompt_tokens hold cached tokens.

constexpr std::array litellm_spend_fields = {
    Field{"request_id", S::request_id},
    Field{"call_type", S::operation},
    Field{"api_key", S::key},
    Field{"metadata/user_api_key_alias", S::key_name},
    Field{"metadata/usage_object", S::usage},
    Field{"metadata/batch_models", S::batch},
    Field{"user", S::user},
    Field{"end_user", S::end_user},
    Field{"team_id", S::team},
    Field{"agent_id", S::route},
    Field{"model_group", S::alias},
    Field{"model", S::model},
    Field{"custom_llm_provider", S::provider},
    Field{"startTime", S::start},
    Field{"endTime", S::end},
    Field{"completionStartTime", S::first_token_at},
    Field{"request_duration_ms", S::latency, U::milliseconds},
    Field{"prompt_tokens", S::input},
    Field{"completion_tokens", S::output},
    Field{"total_tokens", S::total},
    Field{"spend", S::cost},
    Field{"cache_hit", S::gateway_hit},
    Field{"status", S::state},
    Field{"session_id", S::session},
    Field{"request_tags", S::tags},
    Field{"messages", S::request_body},
    Field{"proxy_server_request", S::request_body},
    Field{"response", S::response_body},
};

// `response_time` of a stream is the time to its first token, so it is not read as latency.
constexpr std::array litellm_payload_fields = {
    Field{"id", S::request_id},
    Field{"call_type", S::operation},
    Field{"stream", S::streaming},
    Field{"response_cost", S::cost},
    Field{"status", S::state},
    Field{"custom_llm_provider", S::provider},
    Field{"prompt_tokens", S::input},
    Field{"completion_tokens", S::output},
    Field{"total_tokens", S::total},
    Field{"startTime", S::start},
    Field{"endTime", S::end},
    Field{"completionStartTime", S::first_token_at},
    Field{"model", S::model},
    Field{"model_group", S::alias},
    Field{"metadata/user_api_key_hash", S::key},
    Field{"metadata/user_api_key_alias", S::key_name},
    Field{"metadata/user_api_key_user_id", S::user},
    Field{"metadata/user_api_key_team_alias", S::team},
    Field{"metadata/user_api_key_team_id", S::team},
    Field{"metadata/usage_object", S::usage},
    Field{"metadata/requester_metadata/user_agent", S::user_agent},
    Field{"hidden_params/batch_models", S::batch},
    Field{"model_parameters/service_tier", S::tier},
    Field{"model_parameters/max_tokens", S::output_limit},
    Field{"end_user", S::end_user},
    Field{"trace_id", S::trace},
    Field{"cache_hit", S::gateway_hit},
    Field{"request_tags", S::tags},
    Field{"error_str", S::failure},
    Field{"error_information/error_code", S::status},
    Field{"messages", S::request_body},
    Field{"response", S::response_body},
};

// --- Helicone. Costs are computed with cached tokens beside the prompt's, so they stand beside it.

constexpr std::array helicone_fields = {
    Field{"request_id", S::request_id},
    Field{"response_id", S::response_id},
    Field{"request_created_at", S::start},
    Field{"response_created_at", S::end},
    Field{"response_status", S::status},
    Field{"request_path", S::operation},
    Field{"request_user_id", S::user},
    Field{"helicone_user", S::user},
    Field{"request_model", S::model_asked},
    Field{"response_model", S::model},
    Field{"model_override", S::model_asked},
    Field{"model", S::model},
    Field{"provider", S::provider},
    Field{"delay_ms", S::latency, U::milliseconds},
    Field{"time_to_first_token", S::first_token, U::milliseconds},
    Field{"prompt_tokens", S::input},
    Field{"completion_tokens", S::output},
    Field{"total_tokens", S::total},
    Field{"prompt_cache_read_tokens", S::cache_read},
    Field{"prompt_cache_write_tokens", S::cache_write},
    Field{"reasoning_tokens", S::reasoning},
    Field{"costUSD", S::cost},
    Field{"cost", S::cost},
    Field{"prompt_id", S::prompt_name},
    Field{"cache_reference_id", S::gateway_hit},
    Field{"properties/Helicone-Session-Id", S::session},
    Field{"request_properties/Helicone-Session-Id", S::session},
    Field{"properties/Helicone-Session-Path", S::route},
    Field{"request_properties/Helicone-Session-Path", S::route},
    Field{"request_body", S::request_body},
    Field{"response_body", S::response_body},
};

// --- Langfuse: both spellings, of exports and of the API. Seconds; cached tokens by the total.

#define LANGFUSE_COUNTS(details)                                                                          \
  Field{details "/input", S::input}, Field{details "/output", S::output}, Field{details "/total", S::total}, \
      Field{details "/input_cached_tokens", S::cache_read}, Field{details "/input_cache_read", S::cache_read}, \
      Field{details "/cache_read_input_tokens", S::cache_read},                                              \
      Field{details "/input_cache_creation", S::cache_write},                                                \
      Field{details "/cache_creation_input_tokens", S::cache_write},                                         \
      Field{details "/reasoning_tokens", S::reasoning}, Field{details "/output_reasoning", S::reasoning},    \
      Field{details "/output_reasoning_tokens", S::reasoning}

constexpr std::array langfuse_fields = {
    Field{"id", S::request_id},
    Field{"trace_id", S::trace}, Field{"traceId", S::trace},
    Field{"type", S::kind},
    Field{"parent_observation_id", S::parent}, Field{"parentObservationId", S::parent},
    Field{"start_time", S::start}, Field{"startTime", S::start},
    Field{"end_time", S::end}, Field{"endTime", S::end},
    Field{"completion_start_time", S::first_token_at}, Field{"completionStartTime", S::first_token_at},
    Field{"name", S::route},
    Field{"level", S::state},
    Field{"provided_model_name", S::model}, Field{"providedModelName", S::model}, Field{"model", S::model},
    Field{"model_parameters/max_tokens", S::output_limit}, Field{"modelParameters/max_tokens", S::output_limit},
    Field{"model_parameters/service_tier", S::tier}, Field{"modelParameters/service_tier", S::tier},
    LANGFUSE_COUNTS("usage_details"),
    LANGFUSE_COUNTS("usageDetails"),
    Field{"total_cost", S::cost}, Field{"totalCost", S::cost},
    Field{"latency", S::latency, U::seconds},
    Field{"time_to_first_token", S::first_token, U::seconds}, Field{"timeToFirstToken", S::first_token, U::seconds},
    Field{"prompt_name", S::prompt_name}, Field{"promptName", S::prompt_name},
    Field{"user_id", S::user}, Field{"userId", S::user},
    Field{"session_id", S::session}, Field{"sessionId", S::session},
    Field{"project_id", S::team}, Field{"projectId", S::team},
    Field{"tags", S::tags},
    Field{"input", S::request_body},
    Field{"output", S::response_body},
};
#undef LANGFUSE_COUNTS

// --- OpenTelemetry: attributes of spans and of their resource. Input holds cached tokens.

constexpr std::array otel_fields = {
    Field{"gen_ai.operation.name", S::kind},
    Field{"gen_ai.provider.name", S::provider},
    Field{"gen_ai.system", S::provider},
    Field{"gen_ai.request.model", S::model_asked},
    Field{"gen_ai.response.model", S::model},
    Field{"gen_ai.response.id", S::response_id},
    Field{"gen_ai.request.max_tokens", S::output_limit},
    Field{"gen_ai.request.stream", S::streaming},
    Field{"gen_ai.request.is_stream", S::streaming},
    Field{"gen_ai.is_streaming", S::streaming},
    Field{"gen_ai.openai.response.service_tier", S::tier},
    Field{"openai.response.service_tier", S::tier},
    Field{"gen_ai.conversation.id", S::session},
    Field{"gen_ai.prompt.name", S::prompt_name},
    Field{"gen_ai.agent.name", S::route},
    Field{"service.name", S::alias},
    Field{"user.id", S::end_user},
    Field{"enduser.id", S::end_user},
    Field{"user_agent.original", S::user_agent},
    Field{"error.type", S::failure},
    Field{"gen_ai.usage.input_tokens", S::input},
    Field{"gen_ai.usage.prompt_tokens", S::input},
    Field{"gen_ai.usage.output_tokens", S::output},
    Field{"gen_ai.usage.completion_tokens", S::output},
    Field{"gen_ai.usage.cache_read.input_tokens", S::cache_read},
    Field{"gen_ai.usage.cached_tokens", S::cache_read},
    Field{"gen_ai.usage.input_cached_tokens", S::cache_read},
    Field{"gen_ai.usage.cache_creation.input_tokens", S::cache_write},
    Field{"gen_ai.usage.cache_write.input_tokens", S::cache_write},
    Field{"gen_ai.usage.reasoning.output_tokens", S::reasoning},
    Field{"gen_ai.usage.reasoning_tokens", S::reasoning},
    Field{"gen_ai.usage.cost_usd", S::cost},
    Field{"gen_ai.response.time_to_first_chunk", S::first_token, U::seconds},
    Field{"gen_ai.server.time_to_first_token", S::first_token, U::seconds},
    Field{"gen_ai.system_instructions", S::request_body},
    Field{"gen_ai.input.messages", S::request_body},
    Field{"gen_ai.output.messages", S::response_body},
};

// --- Portkey: cents. The user picks the columns; bodies come nested or as flat columns.

constexpr std::array portkey_fields = {
    Field{"id", S::request_id},
    Field{"created_at", S::start},
    Field{"request.body", S::request_body}, Field{"request/body", S::request_body},
    Field{"response.body", S::response_body}, Field{"response/body", S::response_body},
    Field{"is_success", S::succeeded},
    Field{"ai_org", S::provider},
    Field{"ai_model", S::model},
    Field{"req_units", S::input},
    Field{"res_units", S::output},
    Field{"total_units", S::total},
    Field{"cost", S::cost, U::cents},
    Field{"request_url", S::operation},
    Field{"response_status_code", S::status},
    Field{"response_time", S::latency, U::milliseconds},
    Field{"cache_status", S::gateway_hit},
    Field{"stream_mode", S::streaming},
    Field{"retry_success_count", S::retries},
    Field{"trace_id", S::trace},
    Field{"virtual_key", S::key},
    Field{"config", S::route},
    Field{"prompt_slug", S::prompt_name},
    Field{"metadata/_user", S::user},
    Field{"metadata._user", S::user},
    Field{"sdk_version", S::user_agent},
};

constexpr std::array openrouter_fields = {
    Field{"generation_id", S::response_id},
    Field{"created_at", S::start},
    Field{"cost_total", S::cost},
    Field{"tokens_prompt", S::input},
    Field{"tokens_completion", S::output},
    Field{"tokens_reasoning", S::reasoning},
    Field{"tokens_cached", S::cache_read},
    Field{"model_permaslug", S::model},
    Field{"provider_name", S::provider},
    Field{"cancelled", S::cancelled},
    Field{"streamed", S::streaming},
    Field{"user", S::user},
    Field{"generation_time_ms", S::latency, U::milliseconds},
    Field{"time_to_first_token_ms", S::first_token, U::milliseconds},
    Field{"api_key_name", S::key},
    Field{"app_name", S::route},
};

// --- Bedrock: cached tokens beside the input; counters with and without "Count".

constexpr std::array bedrock_fields = {
    Field{"timestamp", S::start},
    Field{"accountId", S::team},
    Field{"identity/arn", S::key},
    Field{"requestId", S::request_id},
    Field{"operation", S::operation},
    Field{"modelId", S::model},
    Field{"requestMetadata", S::tags},
    Field{"errorCode", S::failure},
    Field{"input/inputTokenCount", S::input},
    Field{"input/inputTokens", S::input},
    Field{"input/cacheReadInputTokenCount", S::cache_read},
    Field{"input/cacheReadInputTokens", S::cache_read},
    Field{"input/cacheWriteInputTokenCount", S::cache_write},
    Field{"input/cacheWriteInputTokens", S::cache_write},
    Field{"output/outputTokenCount", S::output},
    Field{"output/outputTokens", S::output},
    Field{"input/inputBodyJson", S::request_body},
    Field{"output/outputBodyJson", S::response_body},
};

// `properties` is JSON in a text; token counts in it are rare.
constexpr std::array azure_diagnostics_fields = {
    Field{"time", S::start},
    Field{"category", S::kind},
    Field{"operationName", S::operation},
    Field{"resultSignature", S::status},
    Field{"durationMs", S::latency, U::milliseconds},
    Field{"correlationId", S::request_id},
    Field{"callerIpAddress", S::user},
    Field{"properties/objectId", S::key},
    Field{"properties/modelName", S::model},
    Field{"properties/modelDeploymentName", S::alias},
    Field{"properties/streamType", S::streaming},
    Field{"properties/promptTokens", S::input},
    Field{"properties/completionTokens", S::output},
};

// --- Batch files. The answers' usage lies in the body; what runs in a batch is billed as one.

constexpr std::array batch_input_fields = {
    Field{"custom_id", S::request_id},
    Field{"url", S::operation},
    Field{"body", S::request_body},
    Field{"params", S::request_body},
};

constexpr std::array batch_output_fields = {
    Field{"custom_id", S::request_id},
    Field{"response/status_code", S::status},
    Field{"response/request_id", S::response_id},
    Field{"response/body", S::response_body},
    Field{"result/type", S::state},
    Field{"result/message", S::response_body},
    Field{"error/code", S::failure},
};

// --- `twolane serve`: `at` is when the answer ended; tokens read from and written to a cache stand inside.
// Lines without a model, of other lanes, and counts of tokens are no live calls.

constexpr std::array access_fields = {
    Field{"at", S::end},
    Field{"id", S::request_id},
    Field{"upstream_id", S::response_id},
    Field{"trace", S::trace},
    Field{"key", S::key},
    Field{"route", S::route},
    Field{"user_agent", S::user_agent},
    Field{"stream", S::streaming},
    Field{"path", S::operation},
    Field{"model", S::model},
    Field{"provider", S::provider},
    Field{"lane", S::tags},
    Field{"status", S::status},
    Field{"tier", S::tier},
    Field{"input_tokens", S::input},
    Field{"cached_tokens", S::cache_read},
    Field{"cache_write_5m_tokens", S::cache_write_5m},
    Field{"cache_write_1h_tokens", S::cache_write_1h},
    Field{"output_tokens", S::output},
    Field{"cost_usd", S::cost},
    Field{"first_token_us", S::first_token, U::microseconds},
    Field{"total_us", S::latency, U::microseconds},
    Field{"error", S::failure},
};

// --- Public traces.

constexpr std::array azure_trace_fields = {
    Field{"TIMESTAMP", S::start},
    Field{"ContextTokens", S::input},
    Field{"GeneratedTokens", S::output},
};

constexpr std::array vidur_fields = {
    Field{"num_prefill_tokens", S::input},
    Field{"num_decode_tokens", S::output},
};

constexpr std::array mooncake_fields = {
    Field{"timestamp", S::start, U::from_zero_ms},
    Field{"input_length", S::input},
    Field{"output_length", S::output},
};

constexpr std::array ragpulse_fields = {
    Field{"timestamp", S::start, U::from_zero_s},
    Field{"input_length", S::input},
    Field{"output_length", S::output},
    Field{"session_id", S::session},
};

// --- Signatures.

#define NAMES(...) \
  [] { static constexpr auto names = std::to_array<std::string_view>({__VA_ARGS__}); return Names(names); }()
#define SIGNATURES(...) \
  [] { static const auto all = std::to_array<Names>({__VA_ARGS__}); return std::span<const Names>(all); }()

constexpr std::array langfuse_kinds = {std::string_view("GENERATION"), std::string_view("EMBEDDING")};
constexpr std::array azure_kinds = {std::string_view("RequestResponse")};
// Agents produce nested spans: invoke_agent and execute_tool repeat the tokens of the calls inside them.
constexpr std::array otel_kinds = {std::string_view("chat"), std::string_view("generate_content"),
                                   std::string_view("text_completion"), std::string_view("embeddings")};

const auto& table() {
  static const auto specs = std::to_array<FormatSpec>({
      {Format::litellm_spend, Shape::rows, SIGNATURES(NAMES("request_id", "call_type", "spend", "startTime")),
       litellm_spend_fields},
      {Format::litellm_payload, Shape::rows, SIGNATURES(NAMES("call_type", "response_cost", "startTime")),
       litellm_payload_fields},
      {Format::helicone, Shape::rows, SIGNATURES(NAMES("request_id", "request_created_at")), helicone_fields,
       Cached::beside},
      {Format::langfuse, Shape::rows,
       SIGNATURES(NAMES("trace_id", "type", "start_time"), NAMES("traceId", "type", "startTime")), langfuse_fields,
       Cached::by_total, langfuse_kinds},
      {Format::otel_genai, Shape::spans,
       SIGNATURES(NAMES("scopeSpans"), NAMES("scope_spans"), NAMES("spans"), NAMES("traceId", "spanId"),
                  NAMES("trace_id", "span_id")),
       otel_fields, Cached::inside, otel_kinds},
      {Format::openai_usage, Shape::buckets,
       SIGNATURES(NAMES("start_time", "end_time", "results"), NAMES("start_time", "end_time", "result")), {}},
      {Format::anthropic_usage, Shape::buckets, SIGNATURES(NAMES("starting_at", "ending_at", "results")), {}},
      {Format::portkey, Shape::rows,
       SIGNATURES(NAMES("ai_model", "created_at"), NAMES("ai_model", "req_units"), NAMES("req_units", "res_units")),
       portkey_fields},
      {Format::openrouter, Shape::rows, SIGNATURES(NAMES("generation_id", "tokens_prompt")), openrouter_fields},
      {Format::bedrock, Shape::rows,
       SIGNATURES(NAMES("schemaType", "modelId"), NAMES("operation", "modelId", "requestId")), bedrock_fields,
       Cached::beside},
      {Format::azure_diagnostics, Shape::rows, SIGNATURES(NAMES("time", "category", "operationName", "properties")),
       azure_diagnostics_fields, Cached::inside, azure_kinds},
      {Format::batch_input, Shape::rows, SIGNATURES(NAMES("custom_id", "body"), NAMES("custom_id", "params")),
       batch_input_fields},
      {Format::batch_output, Shape::rows, SIGNATURES(NAMES("custom_id", "response"), NAMES("custom_id", "result")),
       batch_output_fields},
      {Format::twolane_access, Shape::rows, SIGNATURES(NAMES("at", "lane", "status", "total_us")), access_fields},
      {Format::azure_trace, Shape::rows, SIGNATURES(NAMES("TIMESTAMP", "ContextTokens", "GeneratedTokens")),
       azure_trace_fields},
      {Format::ragpulse, Shape::own,
       SIGNATURES(NAMES("timestamp", "input_length", "output_length", "hash_ids", "session_id")), ragpulse_fields},
      {Format::mooncake, Shape::own, SIGNATURES(NAMES("timestamp", "input_length", "output_length", "hash_ids")),
       mooncake_fields},
      {Format::ragpulse_lengths, Shape::own,
       SIGNATURES(NAMES("sys_prompt_id", "token_length"), NAMES("passage_id", "token_length"),
                  NAMES("history_id", "token_length"), NAMES("user_input_id", "token_length"),
                  NAMES("web_search_id", "token_length")),
       {}},
      {Format::servegen, Shape::own, SIGNATURES(NAMES("client", "start_s", "rate_rps")), {}},
      {Format::vidur, Shape::rows, SIGNATURES(NAMES("num_prefill_tokens", "num_decode_tokens")), vidur_fields},
  });
  return specs;
}
#undef NAMES
#undef SIGNATURES

constexpr std::array<std::string_view, format_count> names = {
    "LiteLLM spend log",       "LiteLLM logging payload", "Helicone requests",      "Langfuse observations",
    "OpenTelemetry GenAI spans", "OpenAI usage export",   "OpenAI cost export",     "Anthropic usage export",
    "Anthropic cost export",   "Portkey logs",            "OpenRouter activity",    "Bedrock invocation log",
    "Azure OpenAI diagnostics", "batch input",            "batch output",           "twolane access log",
    "named columns",           "Azure LLM trace",         "Mooncake trace",         "RAGPulse trace",
    "RAGPulse lengths",        "ServeGen rates",          "Vidur trace"};

}  // namespace

std::string_view name_of(Format f) { return names[static_cast<size_t>(f)]; }

std::span<const FormatSpec> formats() { return table(); }

const FormatSpec& spec_of(Format f) {
  static const FormatSpec columns{Format::columns, Shape::rows, {}, {}};
  for (const FormatSpec& spec : table())
    if (spec.format == f) return spec;
  return columns;
}

const FormatSpec* recognise(std::span<const std::string_view> members) {
  const auto has = [&](std::string_view name) { return std::find(members.begin(), members.end(), name) != members.end(); };
  for (const FormatSpec& spec : table())
    for (const Names& all : spec.signatures)
      if (std::all_of(all.begin(), all.end(), has)) return &spec;
  return nullptr;
}

}  // namespace twolane::audit
