// Logs cut at every byte and spoilt at every byte: whatever comes, records are counted once and reading ends.
#include "audit/reading_for_test.h"

namespace twolane::audit {
namespace {

// One of each way of reading: rows with JSON in texts and bodies, spans, buckets in a page, records in texts.
constexpr std::string_view logs[] = {
    R"({"request_id":"r","call_type":"acompletion","spend":1e-3,"startTime":"2025-01-24 09:20:46.8","model":"m","metadata":"{\"usage_object\": {\"prompt_tokens\": 9, \"prompt_tokens_details\": {\"cached_tokens\": 4}}}","messages":[{"role":"system","content":"S"},{"role":"assistant","content":[{"type":"text","text":"a\u00e9\n"}],"tool_calls":[{"id":"c"}]}],"response":"{\"choices\": [{\"message\": {\"content\": \"x\"}}]}"})",
    R"({"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"b"}}]},"scopeSpans":[{"spans":[{"traceId":"t","spanId":"s","startTimeUnixNano":"1790949733500000000","status":{"code":2},"attributes":[{"key":"gen_ai.operation.name","value":{"stringValue":"chat"}},{"key":"gen_ai.usage.input_tokens","value":{"intValue":"12"}}]}]}]}]})",
    R"({"data":[{"start_time":1736640000,"end_time":1736643600,"results":[{"input_tokens":5,"amount":{"value":"1","currency":"usd"},"model":null},{"output_tokens":1}]},{"starting_at":"x"}]})",
    R"({"messageType":"DATA_MESSAGE","logEvents":[{"message":"{\"modelId\":\"m\",\"operation\":\"Converse\",\"requestId\":\"1\",\"input\":{\"inputTokenCount\":1}}"}]})",
    R"({"timestamp": 5, "input_length": 700, "output_length": 5, "hash_ids": [0, 14]})",
    "generation_id,created_at,tokens_prompt,model_permaslug\ng,2026-06-28 03:46:57.713,10,\"a,\"\"b\"\"\"\n",
};

TEST(Damage, CutsAnywhere) {
  for (const auto log : logs)
    for (size_t cut = 0; cut < log.size(); ++cut) {
      const auto cut_off = read_text(log.substr(0, cut));
      EXPECT_LE(cut_off.calls.size() + cut_off.buckets.size(), 2u);
      const auto twice = read_text(std::string(log) + "\n" + std::string(log.substr(0, cut)) + "\n" + std::string(log));
      EXPECT_GE(twice.calls.size() + twice.buckets.size(), 1u) << cut << '\n' << log;
    }
}

TEST(Damage, SpoiltBytesAnywhere) {
  for (const auto log : logs)
    for (const char bad : {'"', '\\', '{', '}', '[', ']', '\0', '\xFF', '-', '\n'}) {
      std::string spoilt(log);
      for (size_t at = 0; at < spoilt.size(); ++at) {
        const char good = std::exchange(spoilt[at], bad);
        (void)read_text(spoilt);  // counts are checked there
        spoilt[at] = good;
      }
    }
}

TEST(Damage, DeepNestingIsRead) {
  const std::string deep = R"({"at":"2026-11-20T10:00:02Z","lane":"x","status":200,"total_us":1,"key":)";
  const auto r = read_text(deep + std::string(100'000, '[') + std::string(100'000, ']') + "}\n");
  EXPECT_EQ(r.read.records, 1);
}

}  // namespace
}  // namespace twolane::audit
