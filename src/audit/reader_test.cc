// Framing, detection, columns, bodies and bad lines, whatever the format.
#include "audit/reader.h"

#include "audit/reading_for_test.h"

namespace twolane::audit {
namespace {

const std::string call_line =
    R"({"at":"2026-11-20T10:00:02Z","id":"a","lane":"interactive","status":200,"model":"m","input_tokens":3,"output_tokens":4,"total_us":1000})";
const std::string call_text = "start=2026-11-20T10:00:01.999Z took=1ms model=m usage=3+0+0+0->4/0 outcome=succeeded "
                              "status=200 tags=interactive id=a\n";

TEST(LogReader, EverySplitOfEveryFramingIsTheSame) {
  const std::string lines = "\xEF\xBB\xBF" + call_line + "\r\n\n" + call_line;
  const std::string list = "[\n  " + call_line + ",\n" + call_line + "\n]\n";
  const std::string page = R"({"object": "list", "note": "[{\"}", "data": [)" + call_line + ", " + call_line + R"(], "more": [1]})";
  const std::string csv = "at,id,lane,status,model,input_tokens,output_tokens,total_us\n"
                          "2026-11-20T10:00:02Z,a,interactive,200,m,3,4,1000\r\n"
                          "2026-11-20T10:00:02Z,a,interactive,200,\"m\",3,4,1000";
  for (const auto& text : {lines, list, page, csv})
    for (size_t piece = 1; piece <= text.size(); piece += piece < 90 ? 1 : 37)
      ASSERT_EQ(read_text(text, {}, piece).texts(), call_text + call_text) << piece << '\n' << text;
}

// Beyond the megabyte that is looked at first, and with a record across its end.
TEST(LogReader, LongFiles) {
  std::string lines, expected;
  for (int i = 0; i < 12'000; ++i) lines += call_line + '\n', expected += call_text;
  EXPECT_EQ(read_text(lines, {}, 65'536).texts(), expected);
  std::string list = "[";
  for (int i = 0; i < 12'000; ++i) list += (i > 0 ? ",\n" : "") + call_line;
  EXPECT_EQ(read_text(list + "]", {}, 65'536).texts(), expected);
}

TEST(LogReader, BadLinesAreCountedWithTheFirstOfEachKind) {
  const auto r = read_text(call_line + "\nnot json\n{\"at\":\n" + call_line + "\n" +
                           R"({"at":"soon","id":"b","lane":"x","status":200,"total_us":1})" + "\n" +
                           R"({"at":"2026-11-20T10:00:02Z","id":"b","lane":"x","status":200,"total_us":1,"input_tokens":-4})" +
                           "\n" + call_line + call_line + "\n" + call_line.substr(0, 60));
  EXPECT_EQ(r.texts(), call_text + call_text);
  EXPECT_EQ(r.faults(), "json:4@2 time:1@5 tokens:1@6");
  EXPECT_EQ(r.read.faults[0].excerpt, "not json");
  EXPECT_TRUE(r.error.code.empty());
}

TEST(LogReader, BadFirstLinesDoNotHideTheFormat) {
  const auto r = read_text("# exported\n" + call_line + "\n" + call_line + "\n");
  EXPECT_EQ(r.texts(), call_text + call_text);
  EXPECT_EQ(r.faults(), "json:1@1");
  const auto other = read_text("{\"hello\":1}\n" + call_line + "\n");
  EXPECT_EQ(other.texts(), call_text);
  EXPECT_EQ(other.faults(), "unknown:1@1");
}

TEST(LogReader, ABrokenListIsReadToItsBreak) {
  const auto r = read_text("[" + call_line + ",\n" + call_line.substr(0, 50));
  EXPECT_EQ(r.texts(), call_text);
  EXPECT_EQ(r.faults(), "cut:1@2");
}

TEST(LogReader, CsvRowsThatCannotBeRead) {
  const auto r = read_text("at,id,lane,status,total_us,input_tokens\n"
                           "2026-11-20T10:00:02Z,a,i,200,1000,x\n"
                           "2026-11-20T10:00:02Z,a,i,200,1000,7\n");
  EXPECT_EQ(r.calls.size(), 1u);
  EXPECT_EQ(r.faults(), "tokens:1@2");
}

TEST(LogReader, UnknownFormatsSayWhatWasSeenAndWhatToDo) {
  const auto r = read_text("ts,model_name,tokens_in,tokens_out,who\n1,m,2,3,x\n");
  EXPECT_EQ(r.error.code, "audit.unknown_format");
  EXPECT_EQ(r.error.why, "its records have ts, model_name, tokens_in, tokens_out, who");
  ASSERT_EQ(r.error.next.size(), 1u);
  EXPECT_EQ(r.error.next[0],
            "say which column holds what: --columns time=ts,model=model_name,input=tokens_in,output=tokens_out");
  EXPECT_EQ(read_text("{\"a\":1}\n{\"a\":2}\n").error.why, "its records have a");
  EXPECT_EQ(read_text("").error.code, "audit.unknown_format");
  EXPECT_EQ(read_text("\x1f\x8b nonsense").error.code, "audit.unknown_format");
}

TEST(Columns, NameWhatPlainFilesHold) {
  const std::string_view columns = "time=ts,model=m,input=in,output=out,cached=hit,user=who,latency=took:s,cost=usd,zone=+02:00";
  const std::string expected =
      "start=2026-01-01T10:00:00Z took=1500ms model=gpt usage=60+40+0+0->5/0 cost=0.25 user=ada\n";
  EXPECT_EQ(read_text("who;ts;m;in;out;hit;took;usd\nada;2026-01-01 12:00;gpt;100;5;40;1.5;0.25\n", columns).texts(), expected);
  EXPECT_EQ(read_text(R"({"who":"ada","ts":"2026-01-01T12:00:00","m":"gpt","in":100,"out":5,"hit":40,"took":1.5,"usd":0.25})",
                      columns).texts(),
            expected);
  const auto nested = read_text(R"({"t":1767261600,"u":{"model":"gpt","tokens":{"in":1,"hit":9}}})",
                                "time=t,model=u/model,input=u/tokens/in,cached=u/tokens/hit,cached_tokens=beside");
  EXPECT_EQ(nested.texts(), "start=2026-01-01T10:00:00Z model=gpt usage=1+9+0+0->0/0\n");
}

TEST(Columns, CountBeforeWhatAFileLooksLike) {
  const auto r = read_text(call_line, "time=at,model=id");
  EXPECT_EQ(r.texts(), "start=2026-11-20T10:00:02Z model=a\n");
  EXPECT_EQ(read_text(call_line, "time=when,model=id").texts(), call_text) << "another file's columns";
}

TEST(Columns, Mistakes) {
  EXPECT_EQ(read_text("", "time").error.message, "\"time\" is not NAME=COLUMN");
  EXPECT_EQ(read_text("", "hour=x").error.message, "\"hour\" is nothing that a column can hold");
  EXPECT_EQ(read_text("", "zone=Mars").error.message, "\"Mars\" is no zone");
  const auto r = read_text("ts,m\n1,2\n", "time=ts,model=model");
  EXPECT_EQ(r.error.code, "audit.columns");
  EXPECT_EQ(r.error.message, "--columns names what is not there: model");
}

std::string payload(std::string_view messages, std::string_view answer) {
  return R"({"id":"p","call_type":"completion","response_cost":0,"startTime":1737710446,"model":"m","prompt_tokens":400,"completion_tokens":3,"messages":)" +
         std::string(messages) + R"(,"response":{"choices":[{"message":)" + std::string(answer) + "}]}}\n";
}

// One answer is fed into the next prompt: by text, by parts, and by the id of a call.
TEST(Bodies, AnAnswerIsFoundInTheNextPrompt) {
  const auto r = read_text(
      payload(R"([{"role":"system","content":"S"},{"role":"user","content":"a"}])", R"({"role":"assistant","content":"Ja,\n\"gut\" "})") +
      payload(R"([{"role":"system","content":"S"},{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"text","text":"Ja,\n\"gut\""}]},{"role":"user","content":"b"}])",
              R"({"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function"}]})") +
      payload(R"([{"role":"user","content":"a"},{"role":"assistant","content":null,"tool_calls":[{"id":"call_1"}]},{"role":"tool","tool_call_id":"call_1","content":"x"}])",
              R"({"role":"assistant","content":"end"})"));
  ASSERT_EQ(r.calls.size(), 3u);
  EXPECT_NE(r.calls[0].answer, 0u);
  EXPECT_EQ(r.calls[0].answer_before, 0u);
  EXPECT_EQ(r.calls[1].answer_before, r.calls[0].answer);
  EXPECT_NE(r.calls[1].answer, 0u);
  EXPECT_EQ(r.calls[2].answer_before, r.calls[1].answer);
  EXPECT_EQ(r.calls[0].family, r.calls[1].family);
  EXPECT_NE(r.calls[2].family, r.calls[1].family);
}

TEST(Bodies, PromptsShareTheirPiecesUpToWhereTheyDiffer) {
  const std::string system(3000, 's');
  const std::string head = R"([{"role":"system","content":")" + system + R"("},{"role":"user","content":")";
  const auto r = read_text(payload(head + "one\"}]", "{}") + payload(head + "two\"}]", "{}") + payload(head + "one\"}]", "{}"));
  ASSERT_EQ(r.calls.size(), 3u);
  const auto& a = r.calls[0].prefix;
  const auto& b = r.calls[1].prefix;
  ASSERT_EQ(a.size(), 6u);  // 3,060 bytes in pieces of 512
  ASSERT_EQ(b.size(), 6u);
  int64_t tokens = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].chain == b[i].chain, i < 5) << i;
    tokens += a[i].tokens;
  }
  EXPECT_EQ(tokens, 400) << "pieces sum to the logged input";
  EXPECT_TRUE(r.calls[0].prefix_estimated);
  EXPECT_EQ(r.calls[0].prompt, r.calls[2].prompt);
  EXPECT_NE(r.calls[0].prompt, r.calls[1].prompt);
}

}  // namespace
}  // namespace twolane::audit
