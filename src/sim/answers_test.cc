// What the simulated models say: labels, schemas, limits, caches, embeddings.

#include "sim/answers.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "sim/schema_answer.h"
#include "wire/json.h"

namespace twolane::sim {
namespace {

using wire::Json;

class Models : public testing::Test {
 protected:
  // The answer to a body; `ask_` holds what was read.
  const Said& say(Endpoint endpoint, const Json& body, uint64_t draw = 1, double hits = 1) {
    text_ = simdjson::padded_string(wire::dump(body));
    simdjson::dom::element json;
    EXPECT_FALSE(parser_.parse(text_).get(json));
    ask_.clear(endpoint);
    if (endpoint == Endpoint::generate_content)
      ask_.model = find_model(Provider::gemini, "gemini-2.5-flash");
    read_ask(endpoint, json, ask_);
    EXPECT_FALSE(ask_.refusal) << ask_.refusal->message;
    EXPECT_LE(ask_.input_tokens, static_cast<int64_t>(wire::dump(body).size()));
    answerer_.answer(ask_, tier_, cache_, hits, Draw{draw}, said_);
    return said_;
  }
  const Said& chat(const Json& more, const std::string& user, const std::string& system = {},
                   const char* model = "gpt-5.4-mini") {
    Json messages = Json::array();
    if (!system.empty()) messages.push_back({{"role", "system"}, {"content", system}});
    messages.push_back({{"role", "user"}, {"content", user}});
    Json body = {{"model", model}, {"messages", messages}};
    body.update(more);
    return say(Endpoint::chat_completions, body);
  }

  simdjson::dom::parser parser_;
  simdjson::padded_string text_;
  Ask ask_;
  Answerer answerer_;
  PrefixCache cache_;
  Said said_;
  ServiceTier tier_ = ServiceTier::standard;
};

TEST_F(Models, PicksTheLabelThatSharesWords) {
  const std::string lines =
      "Answer with one of these categories:\n- card_arrival\n- lost_or_stolen_card\n- "
      "exchange_rate\n";
  EXPECT_EQ(chat(Json::object(), "When will my card arrive?", lines).text, "card_arrival");
  EXPECT_EQ(chat(Json::object(), "What rate do you take to exchange euros?", lines).text,
            "exchange_rate");
  EXPECT_EQ(chat(Json::object(),
                 "Categories: spam, fraud report, praise.\n\nTicket: I want to report fraud")
                .text,
            "fraud report");
  EXPECT_EQ(
      chat(Json::object(), "Ticket: I want to give praise\n\nOne of: spam, fraud report, praise")
          .text,
      "praise");
  EXPECT_EQ(
      chat({{"response_format", {{"type", "json_object"}}}}, "my card arrives late", lines).text,
      "{\"label\":\"card_arrival\"}");
  EXPECT_EQ(chat(Json::object(), "A list:\n- one\n- two\nIt is of no use.").text.substr(0, 10),
            "In short: ");
}

TEST_F(Models, TheSameRequestHasTheSameAnswer) {
  const std::string first = chat(Json::object(), "Tell me about ships").text;
  EXPECT_EQ(chat(Json::object(), "Tell me about ships").text, first);
  EXPECT_NE(chat(Json::object(), "Tell me about trains").text, first);
}

TEST_F(Models, KeepsToTheLimit) {
  const Said& said = chat({{"max_completion_tokens", 3}},
                          "Tell me about ships and everything that floats on the wide sea");
  EXPECT_EQ(said.finish, Finish::length);
  EXPECT_EQ(said.usage.output, 3);
  EXPECT_LE(said.text.size(), 12u);
  for (int limit : {1, 5, 20, 100}) {
    const Said& thinking = chat({{"max_completion_tokens", limit}}, "Why?", "", "gpt-5");
    EXPECT_LE(thinking.usage.output, limit);
    EXPECT_LE(thinking.usage.reasoning, thinking.usage.output);
  }
  EXPECT_GT(chat(Json::object(), "Why?", "", "gpt-5").usage.reasoning, 0);
  EXPECT_EQ(chat({{"reasoning_effort", "minimal"}}, "Why?", "", "gpt-5").usage.reasoning, 0);
  EXPECT_EQ(chat(Json::object(), "Why?").usage.reasoning, 0);
}

// Whether a value fits a schema, for the parts of JSON Schema used here.
void expect_fits(const Json& value, const Json& schema, const Json& root) {
  if (const Json* ref = wire::find(schema, "$ref"))
    return expect_fits(value, root.at(Json::json_pointer(ref->get<std::string>().substr(1))), root);
  if (const Json* any = wire::find(schema, "anyOf")) return expect_fits(value, any->front(), root);
  if (const Json* values = wire::find(schema, "enum")) {
    EXPECT_NE(std::find(values->begin(), values->end(), value), values->end()) << value;
    return;
  }
  std::string type = schema["type"].is_array() ? schema["type"][0].get<std::string>()
                                               : schema["type"].get<std::string>();
  for (char& c : type) c = static_cast<char>(std::tolower(c));
  if (type == "object") {
    ASSERT_TRUE(value.is_object());
    for (const auto& [key, part] : schema["properties"].items()) {
      ASSERT_TRUE(value.contains(key)) << key;
      expect_fits(value[key], part, root);
    }
  } else if (type == "array") {
    ASSERT_TRUE(value.is_array());
    EXPECT_GE(value.size(), wire::int_at(schema, "minItems", 0));
    EXPECT_LE(value.size(), wire::int_at(schema, "maxItems", 1000));
    for (const Json& item : value) expect_fits(item, schema["items"], root);
  } else if (type == "integer" || type == "number") {
    EXPECT_TRUE(type == "integer" ? value.is_number_integer() : value.is_number()) << value;
    if (schema.contains("minimum")) {
      EXPECT_GE(value.get<double>(), schema["minimum"].get<double>());
    }
    if (schema.contains("maximum")) {
      EXPECT_LE(value.get<double>(), schema["maximum"].get<double>());
    }
  } else if (type == "boolean") {
    EXPECT_TRUE(value.is_boolean());
  } else {
    ASSERT_TRUE(value.is_string()) << value;
    EXPECT_LE(value.get<std::string>().size(), wire::int_at(schema, "maxLength", 1000));
    EXPECT_GE(value.get<std::string>().size(), wire::int_at(schema, "minLength", 0));
  }
}

TEST_F(Models, SchemasAreKept) {
  const Json schema = *wire::parse_json(R"({"type":"object","required":["a"],"properties":{
      "a":{"type":"string","enum":["red","green"]},"b":{"type":["integer","null"],"minimum":5,"maximum":7},
      "c":{"type":"array","minItems":2,"maxItems":4,"items":{"$ref":"#/$defs/part"}},
      "d":{"anyOf":[{"type":"boolean"},{"type":"null"}]},"e":{"type":"number","minimum":0.5,"maximum":0.6},
      "f":{"type":"string","minLength":30,"maxLength":40},"g":{"type":"OBJECT","properties":{"h":{"type":"STRING"}}}},
      "$defs":{"part":{"type":"object","properties":{"n":{"type":"integer"},"t":{"type":"string","maxLength":4}}}}})");
  for (int i = 0; i < 50; ++i) {
    const Said& said =
        chat({{"response_format",
               {{"type", "json_schema"}, {"json_schema", {{"name", "x"}, {"schema", schema}}}}}},
             "number " + std::to_string(i) + " is green and heavy \xC3\xA4");
    const auto value = wire::parse_json(said.text);
    ASSERT_TRUE(value) << said.text;
    expect_fits(*value, schema, schema);
    EXPECT_EQ((*value)["a"], "green");
  }
}

TEST_F(Models, ARecursiveSchemaEnds) {
  const Json schema = *wire::parse_json(
      R"({"type":"object","properties":{"left":{"anyOf":[{"$ref":"#"},{"type":"null"}]}}})");
  const Said& said =
      chat({{"response_format",
             {{"type", "json_schema"}, {"json_schema", {{"name", "x"}, {"schema", schema}}}}}},
           "x");
  EXPECT_TRUE(wire::parse_json(said.text)) << said.text;
}

TEST_F(Models, ForcedToolsAreCalled) {
  const Json tools =
      Json::array({{{"type", "function"},
                    {"function",
                     {{"name", "look"},
                      {"parameters",
                       {{"type", "object"}, {"properties", {{"city", {{"type", "string"}}}}}}}}}}});
  const Said& said = chat(
      {{"tools", tools}, {"tool_choice", {{"type", "function"}, {"function", {{"name", "look"}}}}}},
      "in Paris");
  EXPECT_EQ(said.finish, Finish::tool);
  EXPECT_EQ(ask_.tool, "look");
  EXPECT_TRUE(wire::parse_json(said.text)->contains("city"));
  EXPECT_EQ(chat({{"tools", tools}}, "in Paris").finish, Finish::stop);
}

TEST_F(Models, SharedPrefixesAreFoundCached) {
  const std::string system(6000, 's');
  EXPECT_EQ(chat(Json::object(), "one", system).usage.cache_read, 0);
  const Said& second = chat(Json::object(), "two", system);
  EXPECT_EQ(second.usage.cache_read, 1024);
  EXPECT_EQ(second.usage.input(), ask_.input_tokens);
  EXPECT_EQ(chat(Json::object(), "two", system, "gpt-5.4-nano").usage.cache_read, 0)
      << "another model";
  EXPECT_EQ(chat(Json::object(), "short").usage.cache_read, 0);
  tier_ = ServiceTier::batch;
  chat({{"max_tokens", 20}}, "one", system, "gpt-4o-mini");
  EXPECT_EQ(chat({{"max_tokens", 20}}, "two", system, "gpt-4o-mini").usage.cache_read, 0)
      << "older models cache nothing in batches";
  const Said& written = chat(Json::object(), "one", std::string(6000, 'w'), "gpt-5.6-luna");
  EXPECT_GT(written.usage.cache_write_5m, 1024);
  EXPECT_EQ(written.usage.input(), ask_.input_tokens);
}

TEST_F(Models, AKeyFindsTwoOfThreeMisses) {
  PrefixCache cache;
  Ask ask;
  const std::string prefix(6000, 's');
  ask.model = find_model(Provider::openai, "gpt-5.4-mini");
  ask.texts = {prefix};
  ask.text_bytes = 6000;
  ask.input_tokens = 1500;
  std::array<int, 2> found{};
  for (uint64_t i = 0; i <= 3000; ++i)
    for (const bool keyed : {false, true}) {
      ask.cache_key = keyed;
      found[keyed] += cache.look(ask, 0.6, Draw{i}, false).read > 0;
    }
  EXPECT_NEAR(found[0], 1800, 90);
  EXPECT_NEAR(found[1], 2600, 90);
}

TEST_F(Models, AnthropicCachesWhatIsMarked) {
  auto body = [](const char* ttl, bool mark) {
    Json block = {{"type", "text"}, {"text", std::string(8000, 's')}};
    if (mark) block["cache_control"] = {{"type", "ephemeral"}, {"ttl", ttl}};
    return Json{{"model", "claude-haiku-4-5"},
                {"max_tokens", 10},
                {"system", Json::array({block})},
                {"messages", Json::array({{{"role", "user"}, {"content", "hi"}}})}};
  };
  EXPECT_EQ(say(Endpoint::messages, body("1h", true)).usage.cache_write_1h, 2000);
  EXPECT_EQ(said_.usage.input(), ask_.input_tokens);
  EXPECT_EQ(say(Endpoint::messages, body("1h", true)).usage.cache_read, 2000);
  EXPECT_EQ(say(Endpoint::messages, body("1h", false)).usage.cache_read, 0);
  EXPECT_EQ(say(Endpoint::messages, body("5m", true), 1, 0).usage.cache_write_5m, 2000)
      << "no luck";
}

TEST(Embedding, IsAUnitVectorInBothForms) {
  std::string plain, coded;
  append_embedding(plain, "some text", 16, false);
  append_embedding(coded, "some text", 16, true);
  const auto values = wire::parse_json(plain)->get<std::vector<double>>();
  ASSERT_EQ(values.size(), 16u);
  double norm = 0;
  for (double v : values) norm += v * v;
  EXPECT_NEAR(norm, 1, 1e-3);
  EXPECT_EQ(coded.size(), 2 + (16 * 4 + 2) / 3 * 4u);
  std::string other;
  append_embedding(other, "other text", 16, false);
  EXPECT_NE(plain, other);
}

}  // namespace
}  // namespace twolane::sim
