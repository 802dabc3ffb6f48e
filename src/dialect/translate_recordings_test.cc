// Every recorded exchange in the three dialects: answers parse with their usage, streams assemble,
// requests survive decoding and encoding, and what two dialects both can say survives the way there
// and back.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "dialect/anthropic/anthropic.h"
#include "dialect/gemini/gemini.h"
#include "dialect/openai/openai.h"
#include "dialect/translate.h"
#include "dialect/translate_forms_for_test.h"
#include "dialect/translate_recordings_for_test.h"

namespace twolane::dialect {
namespace {

TEST(Recordings, EveryLineIsCoveredOrNamed) {
  NEED_RECORDINGS();
  // Dialects of their own (Bedrock converse and its embedding models, Cohere), calls beside chat,
  // and Gemini's synchronous batchEmbedContents.
  const std::map<std::string, int> expected = {
      {"anthropic.jsonl /count_tokens", 3}, {"bedrock.jsonl /converse", 92},
      {"bedrock.jsonl /count-tokens", 3},   {"bedrock.jsonl /invoke", 12},
      {"cerebras.jsonl /models", 1},        {"cohere.jsonl /chat", 7},
      {"cohere.jsonl /embed", 2},           {"cohere.jsonl /tokenize", 1},
      {"gemini.jsonl /cachedContents", 1},  {"gemini.jsonl :batchEmbedContents", 7},
      {"gemini.jsonl :countTokens", 3},     {"openai.jsonl /compact", 1},
      {"vertex.jsonl :countTokens", 1}};
  int covered = static_cast<int>(recordings().covered.size()), others = 0;
  for (const auto& [what, n] : recordings().not_covered) {
    EXPECT_TRUE(expected.contains(what)) << what << " " << n;
    if (expected.contains(what)) {
      EXPECT_EQ(expected.at(what), n) << what;
    }
    others += n;
  }
  EXPECT_EQ(covered + others, 839);
}

int64_t at(const Json& in, std::initializer_list<const char*> path) {
  const Json* v = &in;
  for (const char* key : path) {
    v = wire::find(*v, key);
    if (!v || v->is_null()) return 0;
  }
  return v->is_number() ? v->get<int64_t>() : 0;
}

// The totals as the provider wrote them, taken from the raw fields.
void expect_usage(const Exchange& e, const Json& body, const Usage& u) {
  SCOPED_TRACE(e.at);
  EXPECT_GE(u.fresh, 0);
  EXPECT_GE(u.output, u.reasoning);
  switch (e.endpoint) {
    case Endpoint::chat_completions: {
      const Json& raw = body.at("usage");
      EXPECT_EQ(u.input(), at(raw, {"prompt_tokens"}));
      EXPECT_EQ(u.input() + u.output, at(raw, {"total_tokens"}));
      EXPECT_GE(u.output, at(raw, {"completion_tokens"}));
      EXPECT_GE(u.reasoning, at(raw, {"completion_tokens_details", "reasoning_tokens"}));
      const int64_t cached = at(raw, {"prompt_tokens_details", "cached_tokens"});
      EXPECT_EQ(u.cache_read,
                std::max({cached, at(raw, {"num_cached_tokens"}), at(raw, {"cached_tokens"}),
                          at(raw, {"prompt_cache_hit_tokens"})}));
      const int64_t written = at(raw, {"prompt_tokens_details", "cache_write_tokens"});
      EXPECT_EQ(u.cache_write_5m, std::min(written, u.input() - u.cache_read));
      break;
    }
    case Endpoint::responses: {
      const Json& raw = body.at("usage");
      EXPECT_EQ(u.input(), at(raw, {"input_tokens"}));
      EXPECT_EQ(u.output, at(raw, {"output_tokens"}));
      EXPECT_EQ(u.input() + u.output, at(raw, {"total_tokens"}));
      EXPECT_EQ(u.cache_read, at(raw, {"input_tokens_details", "cached_tokens"}));
      EXPECT_EQ(u.cache_write_5m, at(raw, {"input_tokens_details", "cache_write_tokens"}));
      EXPECT_EQ(u.reasoning, at(raw, {"output_tokens_details", "reasoning_tokens"}));
      break;
    }
    case Endpoint::messages: {
      const Json& raw = body.at("usage");
      EXPECT_EQ(u.fresh, at(raw, {"input_tokens"}));
      EXPECT_EQ(u.cache_read, at(raw, {"cache_read_input_tokens"}));
      EXPECT_EQ(u.cache_write_5m + u.cache_write_1h, at(raw, {"cache_creation_input_tokens"}));
      EXPECT_EQ(u.cache_write_1h, at(raw, {"cache_creation", "ephemeral_1h_input_tokens"}));
      EXPECT_EQ(u.output, at(raw, {"output_tokens"}));
      EXPECT_EQ(u.reasoning, at(raw, {"output_tokens_details", "thinking_tokens"}));
      break;
    }
    case Endpoint::generate_content: {
      const Json& raw = body.at("usageMetadata");
      EXPECT_EQ(u.input() + u.output, at(raw, {"totalTokenCount"}));
      EXPECT_EQ(u.input(), at(raw, {"promptTokenCount"}) + at(raw, {"toolUsePromptTokenCount"}));
      EXPECT_EQ(u.output, at(raw, {"candidatesTokenCount"}) + at(raw, {"thoughtsTokenCount"}));
      EXPECT_EQ(u.cache_read, at(raw, {"cachedContentTokenCount"}));
      break;
    }
    case Endpoint::embeddings:
      EXPECT_EQ(u.input(), at(body, {"usage", "total_tokens"}));
      break;
    case Endpoint::embed_content:
      EXPECT_EQ(u.input(), at(body, {"usageMetadata", "promptTokenCount"}));
      break;
    case Endpoint::moderations:
      break;
  }
}

bool is_unfinished(const Json& body) {
  const auto status = wire::string_at(body, "status");
  return status == "queued" || status == "in_progress";
}

TEST(Recordings, EveryAnswerParsesWithItsUsage) {
  NEED_RECORDINGS();
  std::map<Endpoint, int> answers;
  for (const Exchange& e : recordings().covered) {
    if (e.status != 200 || !e.response.is_object()) continue;
    const auto served = read_served(e.endpoint, wire::dump(e.response));
    if (is_unfinished(e.response)) {
      ASSERT_FALSE(served) << e.at;
      EXPECT_EQ(served.error().code, "dialect.no_usage") << e.at;
      continue;
    }
    ASSERT_TRUE(served) << e.at << " " << served.error().why;
    expect_usage(e, e.response, served->usage);
    ++answers[e.endpoint];
  }
  EXPECT_EQ(answers[Endpoint::chat_completions], 217);
  EXPECT_EQ(answers[Endpoint::responses], 120);
  EXPECT_EQ(answers[Endpoint::messages], 135);
  EXPECT_EQ(answers[Endpoint::generate_content], 174);
  EXPECT_EQ(answers[Endpoint::embeddings], 3);
  EXPECT_EQ(answers[Endpoint::embed_content], 1);
}

TEST(Recordings, TheServedTierIsRead) {
  NEED_RECORDINGS();
  std::map<std::string, int> said;
  for (const Exchange& e : recordings().covered) {
    if (e.status != 200 || !e.response.is_object()) continue;
    const auto served = read_served(e.endpoint, wire::dump(e.response));
    if (!served) continue;
    ++said[served->tier_said ? std::string(name_of(served->tier)) : "unsaid"];
  }
  // 203 + 3 + 30 + 5 default or on_demand, 135 Anthropic, 23 + 48 Gemini and Vertex; the two
  // "provisioned" of a reseller and everything without a word are unsaid.
  EXPECT_GT(said["standard"], 400);
  EXPECT_GT(said["unsaid"], 50);
  EXPECT_EQ(said.size(), 2u);
}

TEST(Recordings, EveryStreamAssembles) {
  NEED_RECORDINGS();
  int streams = 0, without_usage = 0;
  for (const Exchange& e : recordings().covered) {
    if (e.status != 200 || !e.response.is_string()) continue;
    ++streams;
    const auto body = assemble_stream(e.endpoint, e.response.get<std::string>());
    ASSERT_TRUE(body) << e.at << " " << body.error().message << ": " << body.error().why;
    const auto parsed = wire::parse_json(*body);
    ASSERT_TRUE(parsed) << e.at;
    const auto served = read_served(e.endpoint, *body);
    if (e.endpoint == Endpoint::chat_completions &&
        (!parsed->contains("usage") || parsed->at("usage").is_null())) {
      ++without_usage;  // asked for without include_usage
      EXPECT_FALSE(served);
      continue;
    }
    ASSERT_TRUE(served) << e.at << " " << served.error().why;
    expect_usage(e, *parsed, served->usage);
    EXPECT_TRUE(!answer_text(e.endpoint, *body).empty() ||
                body->find("tool") != std::string::npos ||
                body->find("function") != std::string::npos)
        << e.at << " " << *body;
  }
  EXPECT_EQ(streams, 41);
  EXPECT_LT(without_usage, 5);
}

// Cutting a stream anywhere gives the whole answer or an error, never a shorter answer.
TEST(Recordings, ACutStreamIsNoAnswer) {
  NEED_RECORDINGS();
  std::set<Endpoint> tried;
  for (const Exchange& e : recordings().covered) {
    if (e.status != 200 || !e.response.is_string() || !tried.insert(e.endpoint).second) continue;
    const auto sse = e.response.get<std::string>();
    const auto whole = assemble_stream(e.endpoint, sse);
    ASSERT_TRUE(whole);
    const std::string text = answer_text(e.endpoint, *whole);
    for (size_t cut = 0; cut < sse.size(); cut += 97) {
      const auto part = assemble_stream(e.endpoint, sse.substr(0, cut));
      EXPECT_EQ(part ? answer_text(e.endpoint, *part) : text, text) << e.at << " cut at " << cut;
    }
  }
  EXPECT_EQ(tried.size(), 4u);
}

Result<ChatRequest> decoded(Endpoint endpoint, const Json& body) {
  switch (endpoint) {
    case Endpoint::responses:
      return openai::decode_responses_request(body);
    case Endpoint::messages:
      return anthropic::decode_request(body);
    case Endpoint::generate_content:
      return gemini::decode_request(body);
    default:
      return openai::decode_chat_request(body);
  }
}

Result<Json> encoded(Endpoint endpoint, const ChatRequest& request) {
  switch (endpoint) {
    case Endpoint::responses:
      return openai::encode_responses_request(request, request.model);
    case Endpoint::messages:
      return anthropic::encode_request(request, request.model);
    case Endpoint::generate_content:
      return gemini::encode_request(request, request.model);
    default:
      return openai::encode_chat_request(request, request.model);
  }
}

bool is_chat_request(const Exchange& e) {
  return operation_of(e.endpoint) == Operation::chat && e.request.is_object() && !e.request.empty();
}

TEST(Recordings, EveryRequestSurvivesItsOwnDialect) {
  NEED_RECORDINGS();
  int requests = 0;
  for (const Exchange& e : recordings().covered) {
    if (!is_chat_request(e)) continue;
    const auto neutral = decoded(e.endpoint, e.request);
    ASSERT_TRUE(neutral) << e.at << " " << neutral.error().message;
    const auto back = encoded(e.endpoint, *neutral);
    ASSERT_TRUE(back) << e.at << " " << back.error().message;
    EXPECT_EQ(wire::dump(normal_form(e.endpoint, *back)),
              wire::dump(normal_form(e.endpoint, e.request)))
        << e.at;
    ++requests;
  }
  EXPECT_GT(requests, 690);
}

TEST(Recordings, EveryRequestPassesTheCheckOfABatch) {
  NEED_RECORDINGS();
  int passed = 0, background = 0;
  for (const Exchange& e : recordings().covered) {
    if (!e.request.is_object() || e.request.empty() || e.status != 200) continue;
    Json body = e.request;
    body.erase("stream");
    const std::string text = wire::dump(body);
    const auto facts = check_body(e.endpoint, text);
    if (body.contains("background") && body["background"] == true) {
      EXPECT_FALSE(facts);
      ++background;
      continue;
    }
    ASSERT_TRUE(facts) << e.at << " " << facts.error().message;
    EXPECT_EQ(facts->model, wire::string_at(body, "model")) << e.at;
    // The bound is for the tokens that the request itself brings, not for what earlier turns left
    // at the provider; the answer tells how many there were.
    if (e.response.is_object())
      // compound-beta is a model that searches the web by itself; no provider of ours sells it.
      if (const auto served = read_served(e.endpoint, wire::dump(e.response));
          served && facts->model != "compound-beta") {
        EXPECT_GE(facts->input_bound, served->usage.input()) << e.at;
      }
    ++passed;
  }
  EXPECT_GT(passed, 670);
  EXPECT_GT(background, 0);
}

bool has_late_system(const ChatRequest& request) {
  bool turns = false;
  for (const Message& m : request.messages) {
    if (m.role == Role::system && turns) return true;
    turns |= m.role != Role::system;
  }
  return false;
}

std::string model_at(Endpoint e) {
  return dialect_of(e) == Dialect::openai      ? "gpt-5.4-mini"
         : dialect_of(e) == Dialect::anthropic ? "claude-sonnet-4-5"
                                               : "gemini-2.5-flash";
}

TEST(Recordings, WhatBothSaySurvivesTheWayThereAndBack) {
  NEED_RECORDINGS();
  std::map<std::pair<Endpoint, Endpoint>, int> there;
  int late_system = 0;
  for (const Exchange& e : recordings().covered) {
    if (!is_chat_request(e) || e.status != 200) continue;
    const std::string body = wire::dump(e.request);
    const auto before = decoded(e.endpoint, e.request);
    ASSERT_TRUE(before) << e.at;
    for (const Endpoint to : chat_endpoints) {
      if (to == e.endpoint) continue;
      SCOPED_TRACE(e.at + " to " + std::string(wire_name(to)));
      const auto other = translate_request(e.endpoint, body, to, model_at(to));
      if (!other) {
        EXPECT_EQ(other.error().code, "dialect.untranslatable") << other.error().message;
        EXPECT_TRUE(names_member(e.request, other.error().where.field))
            << other.error().where.field;
        continue;
      }
      ++there[{e.endpoint, to}];
      const auto facts = check_body(to, *other);
      EXPECT_TRUE(facts) << facts.error().message << "\n" << *other;
      const auto home = translate_request(
          to, *other, e.endpoint, before->model.empty() ? model_at(e.endpoint) : before->model);
      if (!home && e.endpoint == Endpoint::messages && has_late_system(*before)) {
        ++late_system;  // some of Anthropic's models take it, but nobody says which
        continue;
      }
      EXPECT_TRUE(home) << home.error().message << "\n" << other->substr(0, 2'000);
      if (!home) continue;
      const auto after = decoded(e.endpoint, *wire::parse_json(*home));
      ASSERT_TRUE(after);
      EXPECT_EQ(wire::dump(meaning(*before, to)), wire::dump(meaning(*after, to)));
    }
  }
  for (const auto& [way, n] : there)
    std::cout << wire_name(way.first) << " to " << wire_name(way.second) << ": " << n << "\n";
  EXPECT_EQ(there.size(), 12u);
  EXPECT_LT(late_system, 20);
  EXPECT_GT(there.at({Endpoint::chat_completions, Endpoint::messages}), 60);
  EXPECT_GT(there.at({Endpoint::messages, Endpoint::chat_completions}), 60);
}

// Answers to requests that were translated: whatever was said, called and used arrives.
TEST(Recordings, EveryAnswerTranslatesWithItsTextCallsAndUsage) {
  NEED_RECORDINGS();
  int translated = 0;
  for (const Exchange& e : recordings().covered) {
    if (e.status != 200 || !e.response.is_object() || operation_of(e.endpoint) != Operation::chat)
      continue;
    if (is_unfinished(e.response)) continue;
    const std::string body = wire::dump(e.response);
    const auto before = read_served(e.endpoint, body);
    ASSERT_TRUE(before);
    for (const Endpoint to : chat_endpoints) {
      SCOPED_TRACE(e.at + " to " + std::string(wire_name(to)));
      const auto other = translate_answer(e.endpoint, body, to, "asked-model");
      ASSERT_TRUE(other) << other.error().message;
      if (to == e.endpoint) {
        EXPECT_EQ(*other, body);
        continue;
      }
      const auto after = read_served(to, *other);
      ASSERT_TRUE(after) << *other;
      EXPECT_EQ(after->usage.input(), before->usage.input());
      EXPECT_EQ(after->usage.cache_read, before->usage.cache_read);
      EXPECT_EQ(after->usage.output, before->usage.output);
      EXPECT_EQ(after->usage.reasoning, before->usage.reasoning);
      EXPECT_FALSE(after->response_id.empty());
      EXPECT_FALSE(after->model.empty());
      EXPECT_EQ(answer_text(to, *other), answer_text(e.endpoint, body));
      EXPECT_EQ(calls_in(to, *wire::parse_json(*other)), calls_in(e.endpoint, e.response));
      ++translated;
    }
  }
  EXPECT_GT(translated, 1'900);
}

}  // namespace
}  // namespace twolane::dialect
