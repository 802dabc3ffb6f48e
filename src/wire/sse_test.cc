#include "wire/sse.h"

#include <gtest/gtest.h>

namespace twolane::wire {

void PrintTo(const SseEvent& e, std::ostream* out) {
  *out << e.event << '#' << e.id << '[' << e.data << ']' << (e.whole ? "" : " cut");
}

namespace {

std::vector<SseEvent> decode(const std::vector<std::string>& pieces) {
  SseDecoder decoder;
  std::vector<SseEvent> events;
  for (const auto& piece : pieces) EXPECT_TRUE(decoder.feed(piece, events));
  EXPECT_TRUE(decoder.finish(events));
  return events;
}

void expect_at_every_split(const std::string& text, const std::vector<SseEvent>& expected) {
  std::vector<std::string> bytes;
  for (char c : text) bytes.emplace_back(1, c);
  EXPECT_EQ(decode(bytes), expected);
  for (size_t a = 0; a <= text.size(); ++a)
    for (size_t b = a; b <= text.size(); ++b)
      ASSERT_EQ(decode({text.substr(0, a), text.substr(a, b - a), text.substr(b)}), expected)
          << "cut at " << a << " and " << b;
}

TEST(Sse, AllLineEnds) {
  const std::vector<SseEvent> expected = {{"start", "{\"a\":1}", "", true},
                                          {"message", "x\ny", "7", true}};
  for (const std::string end : {"\n", "\r\n", "\r"})
    expect_at_every_split("event: start" + end + "data: {\"a\":1}" + end + end + ": ping" + end +
                              "id:7" + end + "data:x" + end + "data: y" + end + end,
                          expected);
}

TEST(Sse, CarriageReturnsDoNotCountTwice) {
  expect_at_every_split("data: a\r\r\ndata: b\n\r\n",
                        {{"message", "a", "", true}, {"message", "b", "", true}});
}

TEST(Sse, FieldsWithoutValueAndUnknownOnes) {
  expect_at_every_split("data\n\ndata:  two\nother: x\nevent\n\n",
                        {{"message", "", "", true}, {"message", " two", "", true}});
}

TEST(Sse, AnEventWithoutDataIsNone) {
  expect_at_every_split("event: x\n\nid: 1\n\n: c\n\n\n\ndata: a\n\n",
                        {{"message", "a", "1", true}});
}

TEST(Sse, ByteOrderMarkOnlyAtTheStart) {
  expect_at_every_split(
      "\xEF\xBB\xBF"
      "data: a\n\n\xEF\xBB\xBF"
      "data: b\n\n",
      {{"message", "a", "", true}});
}

TEST(Sse, AStreamCutOffGivesWhatCameMarkedAsSuch) {
  expect_at_every_split("data: a\n\ndata: [DONE]",
                        {{"message", "a", "", true}, {"message", "[DONE]", "", false}});
  expect_at_every_split("data: a\n", {{"message", "a", "", false}});
}

TEST(Sse, Retry) {
  SseDecoder decoder;
  std::vector<SseEvent> events;
  ASSERT_TRUE(decoder.feed("retry: 1500\nretry: soon\nretry: -3\n", events));
  EXPECT_EQ(decoder.retry_ms(), 1500);
}

TEST(Sse, TheLimitHoldsForLinesAndForManyLines) {
  std::vector<SseEvent> events;
  SseDecoder one(100);
  EXPECT_EQ(one.feed("data: " + std::string(200, 'x'), events).error().code, "wire.sse");
  SseDecoder many(100);
  Status last;
  for (int i = 0; i < 200 && last; ++i) last = many.feed("data: x\n", events);
  EXPECT_FALSE(last);
  SseDecoder fine(100);
  for (int i = 0; i < 200; ++i)
    ASSERT_TRUE(fine.feed("data: " + std::string(50, 'x') + "\n\n", events));
  EXPECT_EQ(events.size(), 200u);
}

}  // namespace
}  // namespace twolane::wire
