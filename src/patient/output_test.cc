// Answers as files: every request one line, in input order, in the words and format of the input.
#include "patient/output.h"

#include "patient/intake_fixture.h"
#include "patient/row_output.h"

namespace twolane::patient {
namespace {

constexpr const char* chat_answer =
    R"({"id":"chatcmpl-1","object":"chat.completion","model":"gpt-5.4-mini","choices":[{"index":0,"message":{"role":"assistant","content":"WORD"},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":1,"total_tokens":6}})";
constexpr const char* messages_answer =
    R"({"id":"msg_1","type":"message","role":"assistant","model":"claude-haiku-4-5","content":[{"type":"text","text":"WORD"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":5,"output_tokens":1}})";

std::string with_word(std::string answer, const std::string& word) {
  const std::string text = wire::dump(wire::Json(word));
  return answer.replace(answer.find("\"WORD\""), 6, text);
}

class OutputTest : public IntakeFixture {
 protected:
  // One batch of the first `count` requests, answered in reverse; an empty word is a refusal.
  void answer(const std::string& provider, const std::string& model, Endpoint endpoint,
              const char* shape, const std::vector<std::string>& words) {
    Batch batch;
    batch.id = BatchId{++batches};
    batch.provider = provider;
    batch.model = model;
    batch.endpoint = endpoint;
    batch.requests = static_cast<int64_t>(words.size());
    std::vector<store::Placement> placements;
    for (size_t i = 0; i < words.size(); ++i)
      placements.push_back({job.id, static_cast<int64_t>(i), {}});
    ASSERT_TRUE(store->place(batch, placements));
    auto segment = payloads->create(SegmentId{1000 + batches}).value();
    std::vector<store::Settlement> settlements;
    for (size_t i = words.size(); i-- > 0;) {
      store::Settlement s;
      s.key = {batch.id, static_cast<int32_t>(i)};
      if (words[i].empty()) {
        s.state = AttemptState::refused;
        s.request = RequestState::failed;
        s.http_status = 400;
        s.error =
            R"({"message":"no, never","type":"invalid_request_error","param":null,"code":"bad"})";
      } else {
        s.state = AttemptState::answered;
        s.request = RequestState::succeeded;
        s.http_status = 200;
        s.response_id = "resp";
        s.result = segment->append(with_word(shape, words[i])).value();
        EXPECT_TRUE(segment->append("padding between results"));
      }
      settlements.push_back(s);
    }
    ASSERT_TRUE(segment->sync());
    const Status settled = store->settle(settlements, nullptr, job.accepted);
    ASSERT_TRUE(settled) << settled.error().message;
  }

  std::string output(bool only_final = false) {
    std::string out;
    const Status status = write_output(*store, *payloads, *store->job(job.id).value(), only_final,
                                       [&](std::string_view piece) -> Status {
                                         out += piece;
                                         return {};
                                       });
    EXPECT_TRUE(status) << status.error().message;
    return out;
  }
  static std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    for (size_t at = 0; at < text.size();) {
      const size_t end = text.find('\n', at);
      lines.push_back(text.substr(at, end - at));
      at = end + 1;
    }
    return lines;
  }
  static wire::Json json(const std::string& text) {
    auto parsed = wire::parse_json(text);
    EXPECT_TRUE(parsed) << text;
    return parsed.value_or(wire::Json());
  }
  static IntakeOptions rows(const std::string& prompt) {
    IntakeOptions o;
    o.input.prompt = prompt;
    o.input.models = {{"openai", "gpt-5.4-mini"}};
    return o;
  }
  uint64_t batches = 0;
};

TEST_F(OutputTest, OpenAiLinesInInputOrder) {
  std::string input;
  for (int i = 0; i < 4; ++i) input += chat_line("id-" + std::to_string(i), "x") + "\n";
  ASSERT_TRUE(take_bytes("a.jsonl", input));
  answer("openai", "gpt-5.4-mini", Endpoint::chat_completions, chat_answer, {"one", "", "three"});
  const auto lines = lines_of(output());
  ASSERT_EQ(lines.size(), 4u);
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(json(lines[i])["custom_id"], "id-" + std::to_string(i));
  EXPECT_NE(lines[0].find(with_word(chat_answer, "one")), std::string::npos)
      << "bytes as the provider sent them";
  EXPECT_EQ(json(lines[1])["response"]["status_code"], 400);
  EXPECT_EQ(json(lines[1])["response"]["body"]["error"]["message"], "no, never");
  EXPECT_EQ(json(lines[3])["error"]["code"], "open");
  EXPECT_EQ(lines_of(output(true)).size(), 3u) << "the open one is left out";
}

TEST_F(OutputTest, AnswersOfAnotherDialectAreTranslatedBack) {
  IntakeOptions o;
  o.input.models = {{"anthropic", "claude-haiku-4-5"}};
  ASSERT_TRUE(take_bytes("a.jsonl", chat_line("a", "x") + "\n", o));
  answer("anthropic", "claude-haiku-4-5", Endpoint::messages, messages_answer, {"bonjour"});
  const auto line = json(output());
  EXPECT_EQ(line["response"]["body"]["object"], "chat.completion");
  EXPECT_EQ(line["response"]["body"]["choices"][0]["message"]["content"], "bonjour");
}

TEST_F(OutputTest, AnthropicLinesForAnthropicInput) {
  const std::string a = R"({"custom_id":"a","params":{"model":"claude-haiku-4-5","max_tokens":5,)"
                        R"("messages":[{"role":"user","content":"hi"}]}})";
  ASSERT_TRUE(take_bytes("a.json", "{\"requests\":[" + a + "]}"));
  answer("anthropic", "claude-haiku-4-5", Endpoint::messages, messages_answer, {"hello"});
  const auto line = json(output());
  EXPECT_EQ(line["custom_id"], "a");
  EXPECT_EQ(line["result"]["type"], "succeeded");
  EXPECT_EQ(line["result"]["message"]["content"][0]["text"], "hello");
}

TEST_F(OutputTest, CsvRows) {
  ASSERT_TRUE(take_bytes("a.csv", "id,text\nx,\"a, \"\"b\"\"\"\ny,c\nz,d\n", rows("{text}")));
  answer("openai", "gpt-5.4-mini", Endpoint::chat_completions, chat_answer, {"a \"b\",\nc", ""});
  EXPECT_EQ(output(),
            "id,text,answer,error\n"
            "x,\"a, \"\"b\"\"\",\"a \"\"b\"\",\nc\",\n"
            "y,c,,\"bad: no, never\"\n"
            "z,d,,open: no answer yet\n");
}

TEST_F(OutputTest, CsvRowsWithASchema) {
  IntakeOptions o = rows("{text}");
  o.input.schema = *wire::parse_json(
      R"({"type":"object","properties":{"label":{"type":"string"},"score":{"type":"number"},"text":{"type":"string"}}})");
  ASSERT_TRUE(take_bytes("a.csv", "text,error\na,1\nb,2\n", o));
  answer("openai", "gpt-5.4-mini", Endpoint::chat_completions, chat_answer,
         {R"({"label":"x","score":0.5,"text":null})", "no json"});
  EXPECT_EQ(output(),
            "text,error,label,score,answer_text,answer,answer_error\n"
            "a,1,x,0.5,,\"{\"\"label\"\":\"\"x\"\",\"\"score\"\":0.5,\"\"text\"\":null}\",\n"
            "b,2,,,,no json,answer.schema: the answer is not an object of the schema\n");
}

TEST_F(OutputTest, JsonRows) {
  ASSERT_TRUE(take_bytes(
      "a.jsonl",
      "{ \"question\": \"q\", \"answer\": 1.50 }\n{\"question\":\"r\"}\n{\"question\":\"s\"}\n",
      rows("{question}")));
  answer("openai", "gpt-5.4-mini", Endpoint::chat_completions, chat_answer, {"one", ""});
  EXPECT_EQ(
      output(),
      "{ \"question\": \"q\", \"answer\": 1.50 ,\"answer_answer\":\"one\",\"error\":null}\n"
      "{\"question\":\"r\",\"answer_answer\":null,\"error\":{\"message\":\"no, never\",\"type\":"
      "\"invalid_request_error\",\"param\":null,\"code\":\"bad\"}}\n"
      "{\"question\":\"s\",\"answer_answer\":null,\"error\":{\"code\":\"open\",\"message\":\"no "
      "answer yet\"}}\n");
}

TEST_F(OutputTest, VectorsOfRows) {
  IntakeOptions o = rows("{text}");
  o.input.models = {{"openai", "text-embedding-3-small"}};
  ASSERT_TRUE(take_bytes("a.jsonl", "{\"text\":\"a\"}\n", o));
  answer(
      "openai", "text-embedding-3-small", Endpoint::embeddings,
      R"({"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.25,-1]}],"model":"WORD","usage":{"prompt_tokens":1,"total_tokens":1}})",
      {"m"});
  const auto row = json(output());
  EXPECT_EQ(row["answer"], wire::Json::array({0.25, -1}));
}

TEST_F(OutputTest, LinesThatWereSetAside) {
  IntakeOptions o;
  o.skip_invalid = true;
  std::string bad = chat_line("bad", "x");
  bad.replace(bad.size() - 2, 2, ",\"stream\":true}}");
  ASSERT_TRUE(take_bytes("a.jsonl", chat_line("a", "x") + "\n" + bad + "\n", o));
  const auto lines = lines_of(output());
  ASSERT_EQ(lines.size(), 2u);
  const auto line = json(lines[1]);
  EXPECT_EQ(line["custom_id"], "bad");
  EXPECT_EQ(line["error"]["code"], "input.field");

  o.input = rows("{text}").input;
  ASSERT_TRUE(take_bytes("a.csv", "id,text\n1,a\n2\n3,b,c\n", o));
  EXPECT_EQ(output(),
            "id,text,answer,error\n1,a,,open: no answer yet\n"
            "2,,,\"input.format: a row has 1 fields, the header has 2\"\n"
            "3,b,,\"input.format: a row has 3 fields, the header has 2\"\n");
}

TEST_F(OutputTest, ManyRowsComeInPieces) {
  std::vector<std::string> lines = ticket_lines();
  ASSERT_TRUE(take_bytes("a.jsonl", joined(lines)));
  answer("openai", "gpt-5.4-mini", Endpoint::chat_completions, chat_answer,
         std::vector<std::string>(lines.size(), std::string(100, 'y')));
  size_t pieces = 0, largest = 0, count = 0;
  ASSERT_TRUE(write_output(
      *store, *payloads, *store->job(job.id).value(), true, [&](std::string_view piece) -> Status {
        ++pieces;
        largest = std::max(largest, piece.size());
        count += static_cast<size_t>(std::count(piece.begin(), piece.end(), '\n'));
        return {};
      }));
  EXPECT_EQ(count, lines.size());
  EXPECT_GT(pieces, 3u);
  EXPECT_LT(largest, 2u << 20);
  const Status stopped =
      write_output(*store, *payloads, *store->job(job.id).value(), true,
                   [](std::string_view) -> Status { return fail("disk", "full"); });
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, "disk");
}

TEST(ErrorWords, OfUsAndProviders) {
  EXPECT_EQ(error_words(R"({"code":"a","message":"b"})"), "a: b");
  EXPECT_EQ(error_words(R"({"type":"error","error":{"type":"overloaded_error","message":"m"}})"),
            "overloaded_error: m");
  EXPECT_EQ(error_words(R"({"error":{"code":404,"status":"NOT_FOUND","message":"m"}})"),
            "NOT_FOUND: m");
  EXPECT_EQ(error_words("plain"), "plain");
}

TEST(DefaultOutputPath, StandsBesideTheInput) {
  EXPECT_EQ(default_output_path("tickets.jsonl"), "tickets.out.jsonl");
  EXPECT_EQ(default_output_path("a.b/rows.csv"), "a.b/rows.out.csv");
  EXPECT_EQ(default_output_path("batch.json"), "batch.out.jsonl");
  EXPECT_EQ(default_output_path("a.b/rows"), "a.b/rows.out");
  EXPECT_EQ(default_output_path(".hidden"), ".hidden.out");
}

}  // namespace
}  // namespace twolane::patient
