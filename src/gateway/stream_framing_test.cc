// Events as they go to clients.
#include "gateway/stream_framing.h"

#include <gtest/gtest.h>

namespace twolane::gateway {
namespace {

TEST(StreamFraming, AChunkHasItsLengthInHexAndNothingIsNoChunk) {
  std::string out;
  append_chunk(out, "sixteen bytes it");
  append_chunk(out, "");  // it would end the body
  EXPECT_EQ(out, "10\r\nsixteen bytes it\r\n");
}

TEST(StreamFraming, EventsAreElementsOfOneArrayHoweverTheyCome) {
  bool begun = false;
  std::string out = as_array("data: {\"a\":1}\n\n", begun);
  out += as_array("", begun);
  out += as_array("data: {\"a\":2}\n\ndata: {\"a\":3}\n\n", begun);
  EXPECT_EQ(out + "]", "[{\"a\":1},\r\n{\"a\":2},\r\n{\"a\":3}]");
}

TEST(StreamFraming, ErrorsAreNamedWhereTheDialectNamesItsEvents) {
  EXPECT_EQ(error_event(Endpoint::chat_completions, "{}"), "data: {}\n\n");
  EXPECT_EQ(error_event(Endpoint::generate_content, "{}"), "data: {}\n\n");
  EXPECT_EQ(error_event(Endpoint::messages, "{}"), "event: error\ndata: {}\n\n");
  EXPECT_EQ(error_event(Endpoint::responses, "{}"), "event: error\ndata: {}\n\n");
}

}  // namespace
}  // namespace twolane::gateway
