// Whole inputs: what is accepted lies in the store as it was, what is refused says why and leaves
// nothing.
#include "patient/intake.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "patient/intake_fixture.h"

namespace twolane::patient {
namespace {

class IntakeTest : public IntakeFixture {
 protected:
  // 13,083 lines with some of them changed.
  Error tickets_refused(const std::function<void(std::vector<std::string>&)>& spoil,
                        const IntakeOptions& options = {}) {
    auto lines = ticket_lines();
    spoil(lines);
    return refused("tickets.jsonl", joined(lines), options);
  }
  static IntakeOptions rows(const std::string& prompt) {
    IntakeOptions o;
    o.input.prompt = prompt;
    o.input.models = {{"openai", "gpt-5.4-mini"}};
    return o;
  }
};

TEST_F(IntakeTest, ASealedInputIsNotCopied) {
  const std::string bytes = chat_line("a", "one") + "\n" + chat_line("b", "two") + "\n";
  const std::string path = file("in.jsonl", bytes);
  IntakeOptions sealed;
  sealed.sealed = true;
  refused("bad.jsonl", "not json\n", sealed);
  EXPECT_TRUE(std::filesystem::exists(home + "/bad.jsonl"));
  ASSERT_TRUE(take(path, sealed));
  const std::string segment = home + "/payloads/" + job.input.hex();
  EXPECT_TRUE(std::filesystem::equivalent(path, segment));
  std::filesystem::remove(path);
  EXPECT_EQ(stored_lines(), (std::vector<std::string>{chat_line("a", "one"), chat_line("b", "two")}));
  IntakeOptions again;  // it may change: it is copied
  again.salt = "again";
  ASSERT_TRUE(take(file("in.jsonl", bytes), again));
  EXPECT_FALSE(std::filesystem::equivalent(home + "/in.jsonl", home + "/payloads/" + job.input.hex()));
}

TEST_F(IntakeTest, AcceptsTickets) {
  const std::string bytes = joined(ticket_lines());
  const auto checked = take_bytes("tickets.jsonl", bytes);
  ASSERT_TRUE(checked) << checked.error().message;
  EXPECT_EQ(checked->requests, 13'083);
  EXPECT_FALSE(checked->existed);
  EXPECT_EQ(checked->input_bytes, static_cast<int64_t>(bytes.size()));
  ASSERT_EQ(checked->shapes.size(), 1u);
  EXPECT_EQ(checked->shapes[0].requests, 13'083);
  EXPECT_EQ(checked->shapes[0].targets, (std::vector<Target>{{"openai", "gpt-5.4-mini"}}));
  EXPECT_TRUE(checked->price_known);
  EXPECT_GT(checked->list_bound, checked->batch_bound);
  EXPECT_EQ(*payloads->read({job.input, 0, static_cast<int64_t>(bytes.size())}), bytes);

  const auto stored = store->job(checked->id).value();
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->requests, 13'083);
  EXPECT_EQ(stored->totals.of(RequestState::open), 13'083);
  EXPECT_EQ(joined(stored_lines()), bytes);
  const auto row = store->request(checked->id, 7000).value();
  ASSERT_TRUE(row);
  EXPECT_EQ(row->line, 7001);
  EXPECT_EQ(row->output_bound, 64);
}

TEST_F(IntakeTest, TheSameBytesAreTheSameJob) {
  const std::string bytes = joined(ticket_lines());
  const auto first = take_bytes("tickets.jsonl", bytes);
  ASSERT_TRUE(first);
  const auto again = take_bytes("elsewhere.jsonl", bytes);
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->existed);
  EXPECT_EQ(again->id, first->id);
  EXPECT_EQ(store->jobs()->size(), 1u);
  EXPECT_EQ(payloads->list()->size(), 1u);

  IntakeOptions salted, limited, assuming;
  salted.salt = "1";
  limited.limit = 10;
  assuming.input.output_tokens = 100;
  const auto bought_anew = take(home + "/tickets.jsonl", salted),
             ten = take(home + "/tickets.jsonl", limited);
  ASSERT_TRUE(bought_anew && ten);
  EXPECT_NE(bought_anew->id, first->id);
  EXPECT_NE(ten->id, first->id);
  EXPECT_EQ(ten->requests, 10);
  EXPECT_TRUE(take(home + "/tickets.jsonl", assuming)->existed) << "an assumption is not content";
}

TEST_F(IntakeTest, DryRunStoresNothing) {
  const auto checked = take(file("a.jsonl", chat_line("a", "hello") + "\n"), {}, true);
  ASSERT_TRUE(checked);
  EXPECT_EQ(checked->requests, 1);
  EXPECT_TRUE(store->jobs()->empty());
  EXPECT_TRUE(payloads->list()->empty());
}

TEST_F(IntakeTest, WithoutAHomeTheCopyGoesThroughThePayloads) {
  const std::string bytes = joined(ticket_lines()), path = file("t.jsonl", bytes);
  job = Job();
  ASSERT_TRUE(take_in(path, {}, job, SegmentId{77}, "", *store, *payloads, false));
  EXPECT_EQ(*payloads->read({SegmentId{77}, 0, static_cast<int64_t>(bytes.size())}), bytes);
  Job second;
  const auto again = take_in(path, {}, second, SegmentId{78}, "", *store, *payloads, false);
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->existed);
  EXPECT_EQ(*payloads->list(), std::vector<SegmentId>{SegmentId{77}});
}

// --- what is tolerated

TEST_F(IntakeTest, MarkBlankLinesCarriageReturnsAndNoLastLineEnd) {
  const std::string a = chat_line("a", "one"), b = chat_line("b", "two");
  const auto checked = take_bytes("a.jsonl", "\xEF\xBB\xBF" + a + "\r\n\r\n  \n" + b);
  ASSERT_TRUE(checked) << checked.error().message;
  EXPECT_EQ(stored_lines(), (std::vector<std::string>{a, b}));
  EXPECT_EQ(store->request(job.id, 1).value()->line, 4);
}

TEST_F(IntakeTest, OneFileMixesModelsAndProviders) {
  std::string other = chat_line("b", "two");
  other.replace(other.find("gpt-5.4-mini"), 12, "claude-haiku-4-5");
  const auto checked = take_bytes("a.jsonl", chat_line("a", "one") + "\n" + other + "\n");
  ASSERT_TRUE(checked) << checked.error().message;
  ASSERT_EQ(checked->shapes.size(), 2u);
  EXPECT_EQ(checked->shapes[1].targets.front().provider, "anthropic");
}

TEST_F(IntakeTest, ManyParameterSetsShareAShape) {
  std::string bytes;
  for (int i = 1; i <= 1000; ++i)
    bytes += chat_line(std::to_string(i), "x", ",\"max_tokens\":" + std::to_string(i)) + "\n";
  const auto checked = take_bytes("a.jsonl", bytes);
  ASSERT_TRUE(checked) << checked.error().message;
  EXPECT_EQ(checked->shapes.size(), 257u);
  EXPECT_EQ(checked->shapes.back().requests, 744);
  int64_t sum = 0;
  for (const Shape& s : checked->shapes) sum += s.requests;
  EXPECT_EQ(sum, 1000);
}

TEST_F(IntakeTest, BoundsWithoutALimit) {
  const std::string path = file("a.jsonl", chat_line("a", "x", ",\"n\":3") + "\n");
  ASSERT_TRUE(take(path));
  const int64_t of_model = store->request(job.id, 0).value()->output_bound;
  EXPECT_EQ(of_model % 3, 0);
  EXPECT_GT(of_model, 3 * 1000);
  IntakeOptions o;
  o.input.output_tokens = 50;
  o.salt = "x";
  ASSERT_TRUE(take(path, o));
  EXPECT_EQ(store->request(job.id, 0).value()->output_bound, 150);
}

TEST_F(IntakeTest, LinesLongerThanABlock) {
  std::vector<std::string> lines;
  for (int i = 0; i < 5; ++i)
    lines.push_back(chat_line(std::to_string(i), std::string(1'700'000, 'x')));
  const auto checked = take_bytes("a.jsonl", joined(lines));
  ASSERT_TRUE(checked) << checked.error().message;
  EXPECT_EQ(stored_lines(), lines);
}

TEST_F(IntakeTest, ACapNeedsAPrice) {
  IntakeOptions o;
  o.input.models = {{"openai", "unheard-of"}};
  const std::string path = file("a.jsonl", chat_line("a", "x") + "\n");
  const auto without = take(path, o, true);
  ASSERT_TRUE(without) << without.error().message;
  EXPECT_FALSE(without->price_known);
  Job capped;
  capped.cap = PicoUsd::from_usd(5);
  const auto with = take_in(path, o, capped, SegmentId{9}, home, *store, *payloads, false);
  ASSERT_FALSE(with);
  EXPECT_EQ(with.error().code, "money.unknown_price");
}

// --- formats

TEST_F(IntakeTest, AnthropicLines) {
  const std::string a = R"({"custom_id":"a","params":{"model":"claude-haiku-4-5","max_tokens":5,)"
                        R"("messages":[{"role":"user","content":"hi"}]}})";
  const auto checked = take_bytes("a.jsonl", a + "\n");
  ASSERT_TRUE(checked) << checked.error().message;
  EXPECT_EQ(job.format, InputFormat::anthropic_jsonl);
  EXPECT_EQ(checked->shapes[0].endpoint, Endpoint::messages);
}

TEST_F(IntakeTest, AnthropicDocument) {
  std::string bytes = "{\n  \"requests\": [";
  std::vector<std::string> elements;
  for (int i = 0; i < 5000; ++i) {
    elements.push_back("{\n  \"custom_id\": \"r" + std::to_string(i) +
                       "\", \"params\": {\"model\": \"claude-haiku-4-5\", \"max_tokens\": 5,\n"
                       "    \"messages\": [{\"role\": \"user\", \"content\": \"}] \\\"" +
                       std::string(300, 'x') + "\"}]}}");
    bytes += (i ? ",\n" : "\n") + elements.back();
  }
  bytes += "\n]\n}\n";
  const auto checked = take_bytes("a.json", bytes);
  ASSERT_TRUE(checked) << checked.error().message;
  EXPECT_EQ(job.format, InputFormat::anthropic_json);
  EXPECT_EQ(stored_lines(), elements);
  EXPECT_EQ(store->request(job.id, 1).value()->line, 6);
  const Error e = [&] {
    store.reset();
    std::filesystem::remove(home + "/store.db");
    store = store::open_sqlite(home + "/other.db").value();
    bytes.replace(bytes.find("\"custom_id\": \"r3999\""), 11, "\"custom_id  ");
    return take_bytes("b.json", bytes).error();
  }();
  EXPECT_EQ(e.code, "input.json");
  EXPECT_EQ(e.where.line, 3 + 3 * 3999 + 1);
}

TEST_F(IntakeTest, BrokenDocuments) {
  const std::string element =
      R"({"custom_id":"a","params":{"model":"claude-haiku-4-5","max_tokens":5,)"
      R"("messages":[{"role":"user","content":"hi"}]}})";
  const Error no_comma = refused("a.json", "{\"requests\":[" + element + "\n" + element + "]}");
  EXPECT_EQ(no_comma.code, "input.json");
  EXPECT_EQ(no_comma.where.line, 2);
  EXPECT_EQ(no_comma.where.column, 1);
  const Error cut = refused("a.json", "{\"requests\":[" + element + ",\n" + element.substr(0, 50));
  EXPECT_EQ(cut.code, "input.json");
  EXPECT_EQ(cut.where.line, 2);
  EXPECT_EQ(cut.where.column, 51);
  const Error behind = refused("a.json", "{\"requests\":[" + element + "]} x");
  EXPECT_EQ(behind.code, "input.json");
  EXPECT_EQ(refused("a.json", "{\"requests\":[]}").code, "input.empty");
}

TEST_F(IntakeTest, GeminiLinesNeedAModel) {
  const std::string a = R"({"key":"a","request":{"contents":[{"parts":[{"text":"hi"}]}]}})";
  EXPECT_EQ(refused("a.jsonl", a + "\n").code, "input.model");
  IntakeOptions o;
  o.input.models = {{"gemini", "gemini-2.5-flash"}};
  const auto checked = take_bytes("a.jsonl", a + "\n", o);
  ASSERT_TRUE(checked) << checked.error().message;
  EXPECT_EQ(checked->shapes[0].endpoint, Endpoint::generate_content);
}

TEST_F(IntakeTest, RowsAreRendered) {
  const auto csv = take_bytes("a.csv", "id,text\r\nx1,\"a, \"\"b\"\"\r\nc\"\r\n,plain\r\n",
                              rows("Label {{}}: {text}"));
  ASSERT_TRUE(csv) << csv.error().message;
  EXPECT_EQ(csv->requests, 2);
  const InputOptions options = input_options_from_json(job.options).value();
  EXPECT_EQ(options.columns, (std::vector<std::string>{"id", "text"}));
  const auto lines = stored_lines();
  const auto first = request_text(options, lines[0], 0),
             second = request_text(options, lines[1], 1);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->custom_id, "x1");
  EXPECT_EQ(second->custom_id, "row-2");
  EXPECT_NE(first->body.find(R"(Label {}: a, \"b\"\r\nc)"), std::string::npos) << first->body;
  EXPECT_EQ(store->request(job.id, 1).value()->line, 4);

  const auto json = take_bytes("a.jsonl", "{\"text\":\"a\\nb\",\"n\":[1,2]}\n", rows("{text} {n}"));
  ASSERT_TRUE(json) << json.error().message;
  EXPECT_EQ(job.format, InputFormat::jsonl_rows);
  const auto row = request_text(input_options_from_json(job.options).value(), stored_lines()[0], 0);
  ASSERT_TRUE(row);
  EXPECT_NE(row->body.find(R"(a\nb [1,2])"), std::string::npos) << row->body;
}

TEST_F(IntakeTest, RowsForEmbeddings) {
  IntakeOptions o = rows("{text}");
  o.input.models = {{"openai", "text-embedding-3-small"}};
  const auto checked = take_bytes("a.csv", "text\nhello\n", o);
  ASSERT_TRUE(checked) << checked.error().message;
  EXPECT_EQ(checked->shapes[0].endpoint, Endpoint::embeddings);
  EXPECT_EQ(store->request(job.id, 0).value()->output_bound, 0);
}

// --- what is refused: the cases of the mock-ups, in a file of 13,083 lines

TEST_F(IntakeTest, NotJson) {
  const Error e = tickets_refused([](auto& lines) {
    std::string& line = lines[7000];
    line.erase(line.find("url") - 1, 1);
  });
  EXPECT_EQ(e.code, "input.json");
  EXPECT_EQ(e.message, "line 7,001 is not JSON");
  EXPECT_EQ(e.where.line, 7001);
  EXPECT_EQ(e.where.column, 40);
  EXPECT_EQ(e.where.file, home + "/tickets.jsonl");
  EXPECT_EQ(e.why, "expected a quoted name");
  ASSERT_GE(e.excerpt_caret, 0);
  EXPECT_EQ(e.excerpt.substr(static_cast<size_t>(e.excerpt_caret), 3), "url");
  EXPECT_EQ(e.count, 1);
}

TEST_F(IntakeTest, NotJsonInsideOfABody) {
  const Error e = tickets_refused([](auto& lines) {
    for (size_t i : {5000u, 6000u}) lines[i].replace(lines[i].find("\"role\""), 6, "\"role ");
  });
  EXPECT_EQ(e.code, "input.json");
  EXPECT_EQ(e.where.line, 5001);
  EXPECT_EQ(e.count, 2);
}

TEST_F(IntakeTest, GarbageBesideTheKnownMembers) {
  const Error e = tickets_refused([](auto& lines) { lines[9].replace(0, 1, R"({"note":[1 2],)"); });
  EXPECT_EQ(e.code, "input.json");
  EXPECT_EQ(e.where.line, 10);
}

TEST_F(IntakeTest, RepeatedIds) {
  const Error e = tickets_refused([](auto& lines) {
    lines[9870] = chat_line("t-00412", "again");
    for (int i = 0; i < 5; ++i)
      lines[12'000 + static_cast<size_t>(i)] = chat_line("t-0000" + std::to_string(i + 1), "x");
  });
  EXPECT_EQ(e.code, "input.duplicate_id");
  EXPECT_EQ(e.message, "custom_id t-00412 is used twice (6 ids in all)");
  EXPECT_EQ(e.where.line, 412);
  EXPECT_EQ(e.where.note, "and :9871");
  EXPECT_EQ(e.where.custom_id, "t-00412");
  EXPECT_EQ(e.count, 6);
}

TEST_F(IntakeTest, IdsThatAreMissingEmptyOrNoText) {
  for (const std::string with : {"", R"("custom_id":"",)", R"("custom_id":7,)"}) {
    const Error e = tickets_refused([&](auto& lines) {
      std::string& line = lines[2];
      line.replace(1, line.find("\"method\"") - 1, with);
    });
    EXPECT_EQ(e.code, "input.field") << with;
    EXPECT_EQ(e.where.field, "custom_id");
    EXPECT_EQ(e.where.line, 3);
  }
}

TEST_F(IntakeTest, Streaming) {
  const Error e = tickets_refused([](auto& lines) {
    for (auto& line : lines) line.replace(line.size() - 2, 2, ",\"stream\":true}}");
  });
  EXPECT_EQ(e.code, "input.field");
  EXPECT_EQ(e.message, "a batch cannot stream");
  EXPECT_EQ(e.where.field, "body.stream");
  EXPECT_EQ(e.where.line, 1);
  EXPECT_EQ(e.where.note, "is true (all 13,083 lines)");
  EXPECT_EQ(e.count, 13'083);
}

TEST_F(IntakeTest, FastModeAndCacheWarming) {
  const std::string head = R"({"custom_id":"a","params":{"model":"claude-haiku-4-5",)"
                           R"("messages":[{"role":"user","content":"hi"}],)";
  const Error fast = refused("a.jsonl", head + "\"max_tokens\":5,\"speed\":\"fast\"}}\n");
  EXPECT_EQ(fast.code, "input.field");
  EXPECT_EQ(fast.where.field, "params.speed");
  const Error warming = refused("a.jsonl", head + "\"max_tokens\":0}}\n");
  EXPECT_EQ(warming.code, "input.field");
  EXPECT_EQ(warming.where.field, "params.max_tokens");
  EXPECT_EQ(warming.where.custom_id, "a");
}

TEST_F(IntakeTest, UnknownModels) {
  const Error e = tickets_refused([](auto& lines) {
    for (size_t i : {100u, 200u})
      lines[i].replace(lines[i].find("gpt-5.4-mini"), 12, "gpt-5.4-minni");
    lines[300].replace(lines[300].find("gpt-5.4-mini"), 12, "some-other");
  });
  EXPECT_EQ(e.code, "input.model");
  EXPECT_EQ(e.where.field, "body.model");
  EXPECT_EQ(e.where.line, 101);
  EXPECT_EQ(e.count, 2);
  EXPECT_EQ(e.where.note, "(2 lines in all) (and 1 line with another fault)");
  ASSERT_FALSE(e.next.empty());
  EXPECT_NE(e.next.front().find("gpt-5.4-mini"), std::string::npos);
}

TEST_F(IntakeTest, AnEndpointThatTheProviderLacks) {
  const std::string line = R"({"custom_id":"a","method":"POST","url":"/v1/embeddings","body":)"
                           R"({"model":"text-embedding-3-small","input":"x"}})";
  IntakeOptions o;
  o.input.models = {{"anthropic", "claude-haiku-4.5-unheard-of"}};
  const Error e = refused("docs.jsonl", line + "\n", o);
  EXPECT_EQ(e.code, "provider.no_endpoint");
  EXPECT_EQ(e.message, "anthropic has no embeddings");
  EXPECT_EQ(e.where.line, 1);
  EXPECT_EQ(e.where.note, "url /v1/embeddings");
  ASSERT_FALSE(e.next.empty());
  EXPECT_NE(e.next.front().find("openai"), std::string::npos);
}

TEST_F(IntakeTest, ModelsOfAnotherKind) {
  std::string line = chat_line("a", "x");
  line.replace(line.find("gpt-5.4-mini"), 12, "text-embedding-3-small");
  const Error e = refused("a.jsonl", line + "\n");
  EXPECT_EQ(e.code, "input.model");
  EXPECT_EQ(e.where.field, "body.model");
}

TEST_F(IntakeTest, UrlsAndMethods) {
  const Error url =
      tickets_refused([](auto& l) { l[4].replace(l[4].find("/v1/chat"), 8, "/chat"); });
  EXPECT_EQ(url.code, "input.field");
  EXPECT_EQ(url.where.field, "url");
  EXPECT_EQ(url.where.line, 5);
  const Error method = tickets_refused([](auto& l) { l[4].replace(l[4].find("POST"), 4, "GET"); });
  EXPECT_EQ(method.where.field, "method");
}

TEST_F(IntakeTest, WhatCannotBeTranslated) {
  IntakeOptions o;
  o.input.models = {{"anthropic", "claude-haiku-4-5"}};
  const Error e = tickets_refused(
      [](auto& lines) {
        lines[8000] = chat_line("audio", "x");
        lines[8000].replace(
            lines[8000].find("\"content\":\"x\""), 13,
            R"("content":[{"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}}])");
      },
      o);
  EXPECT_EQ(e.code, "dialect.untranslatable");
  EXPECT_EQ(e.where.line, 8001);
  EXPECT_TRUE(e.where.field.starts_with("body.messages[0]")) << e.where.field;
  EXPECT_EQ(e.where.provider, "anthropic");
  EXPECT_EQ(e.count, 1);
}

TEST_F(IntakeTest, InvalidUtf8) {
  const Error e = tickets_refused([](auto& lines) {
    std::string& line = lines[41];
    line.insert(line.find("\"content\":\"") + 11, "\xC3(");
  });
  EXPECT_EQ(e.code, "input.utf8");
  EXPECT_EQ(e.message, "line 42 is not UTF-8");
  EXPECT_EQ(e.where.line, 42);
  EXPECT_GT(e.where.column, 100);
  const Error row = refused("a.csv", "text\nok\nna\xEFve\n", rows("{text}"));
  EXPECT_EQ(row.code, "input.utf8");
  EXPECT_EQ(row.message, "line 3 is not UTF-8");
  EXPECT_EQ(row.where.line, 3);
  EXPECT_EQ(row.where.column, 3);
  EXPECT_EQ(refused("a.csv", std::string("\xFF\xFEt\0", 4), rows("{text}")).code, "input.utf8");
}

TEST_F(IntakeTest, EmptyInputs) {
  EXPECT_EQ(refused("a.jsonl", "").code, "input.empty");
  EXPECT_EQ(refused("a.jsonl", "\n \n\n").code, "input.empty");
  EXPECT_EQ(refused("a.csv", "id,text\n", rows("{text}")).code, "input.empty");
}

// A line of 300 MB in a file that takes no space: read up to the limit, held in less than thrice
// that.
TEST_F(IntakeTest, ALineWithoutAnEnd) {
  const std::string path = file("long.jsonl", R"({"custom_id":"a","method":"POST","body":")");
  const int fd = ::open(path.c_str(), O_WRONLY);
  ASSERT_EQ(::ftruncate(fd, 300 << 20), 0);
  ::close(fd);
  rusage before{}, after{};
  getrusage(RUSAGE_SELF, &before);
  const auto result = take(path);
  getrusage(RUSAGE_SELF, &after);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, "input.too_long");
  EXPECT_EQ(result.error().where.line, 1);
  EXPECT_TRUE(payloads->list()->empty());
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 200 << 10);  // KB
#endif
}

TEST_F(IntakeTest, ColumnsThatAreNotThere) {
  const Error e = refused("tickets.csv", "id,subject,text\n1,a,b\n", rows("Label: {body}"));
  EXPECT_EQ(e.code, "input.column");
  EXPECT_EQ(e.message, "the prompt uses {body}, which is no column");
  EXPECT_EQ(e.where.line, 1);
  EXPECT_EQ(e.where.note, "has id, subject, text");
  EXPECT_EQ(e.next, std::vector<std::string>{"did you mean {text}?"});
  const Error in_row = refused("a.jsonl", "{\"text\":\"a\"}\n{\"txt\":\"b\"}\n", rows("{text}"));
  EXPECT_EQ(in_row.code, "input.column");
  EXPECT_EQ(in_row.where.line, 2);
  EXPECT_EQ(refused("a.csv", "a\nb\n", rows("{a} {")).code, "input.column");
}

TEST_F(IntakeTest, RaggedRowsAndOpenQuotes) {
  const Error ragged = refused("a.csv", "id,text\n1,a\n2,b,c\n3\n4,d\n", rows("{text}"));
  EXPECT_EQ(ragged.code, "input.format");
  EXPECT_EQ(ragged.where.line, 3);
  EXPECT_EQ(ragged.message, "a row has 3 fields, the header has 2");
  EXPECT_EQ(ragged.count, 2);
  const Error open = refused("a.csv", "id,text\n1,a\n2,\"b\n3,c\n4,d\n", rows("{text}"));
  EXPECT_EQ(open.code, "input.format");
  EXPECT_EQ(open.where.line, 3);
  EXPECT_EQ(open.where.column, 3);
}

TEST_F(IntakeTest, RowsWithoutPromptOrModel) {
  const Error prompt = refused("a.csv", "id,text\n1,a\n");
  EXPECT_EQ(prompt.code, "input.format");
  EXPECT_NE(prompt.why.find("{text}"), std::string::npos);
  IntakeOptions o;
  o.input.prompt = "{text}";
  const Error model = refused("a.csv", "id,text\n1,a\n", o);
  EXPECT_EQ(model.code, "input.model");
  EXPECT_GE(model.next.size(), 3u);
  EXPECT_EQ(refused("a.jsonl", chat_line("a", "x") + "\n", rows("{text}")).code, "input.format");
}

TEST_F(IntakeTest, InputsThatAreNoFiles) {
  const auto code = [&](const std::string& path) {
    const auto r = take(path);
    return r ? std::string("accepted") : r.error().code;
  };
  EXPECT_EQ(code(home), "input.file");
  EXPECT_EQ(code(home + "/absent.jsonl"), "input.file");
  EXPECT_EQ(code("-"), "input.file");
  EXPECT_EQ(code("/dev/null"), "input.file");
  EXPECT_EQ(refused("a.xlsx", "PK\x03\x04 and more").code, "input.format");
  EXPECT_EQ(refused("a.json", "[{\"custom_id\":\"a\"}]").code, "input.format");
}

TEST_F(IntakeTest, BadLinesAreSetAside) {
  auto lines = ticket_lines();
  lines[7000].erase(lines[7000].find("url") - 1, 1);
  lines[9870] = chat_line("t-00412", "again");
  IntakeOptions o;
  o.skip_invalid = true;
  const auto checked = take_bytes("tickets.jsonl", joined(lines), o);
  ASSERT_TRUE(checked) << checked.error().message;
  EXPECT_EQ(checked->requests, 13'083);
  EXPECT_EQ(checked->invalid, 2);
  EXPECT_EQ(checked->first_invalid.where.line, 7001);
  EXPECT_EQ(checked->shapes[0].requests, 13'081);
  const auto rows = store->outcomes(job.id, 0, 20'000).value();
  EXPECT_EQ(rows[7000].state, RequestState::failed);
  EXPECT_EQ(rows[7000].length, 0);
  EXPECT_NE(rows[7000].error.find("input.json"), std::string::npos);
  EXPECT_EQ(rows[9870].state, RequestState::failed);
  EXPECT_NE(rows[9870].error.find("\"custom_id\":\"t-00412\""), std::string::npos)
      << rows[9870].error;
  EXPECT_EQ(rows[411].state, RequestState::open);
  EXPECT_EQ(store->job(job.id).value()->totals.of(RequestState::failed), 2);
}

TEST_F(IntakeTest, AFileOfBadLinesOnlyIsRefused) {
  IntakeOptions o;
  o.skip_invalid = true;
  EXPECT_EQ(refused("a.jsonl", "{\"custom_id\":\n{\"custom_id\":\n", o).code, "input.json");
}

}  // namespace
}  // namespace twolane::patient
