#include "wire/multipart.h"

#include <gtest/gtest.h>

namespace twolane::wire {
namespace {

// "name|filename|type{content}" for each part, or the words of the error.
std::string parse(const std::string& boundary, const std::vector<std::string>& pieces) {
  std::string seen;
  PartSink sink;
  sink.begin = [&](const Part& p) -> Status {
    seen += p.name + '|' + p.filename.value_or("-") + '|' +
            std::string(header(p.headers, "content-type")) + '{';
    return {};
  };
  sink.data = [&](std::string_view bytes) -> Status {
    seen += bytes;
    return {};
  };
  sink.end = [&]() -> Status {
    seen += '}';
    return {};
  };
  MultipartParser parser(boundary, sink);
  for (const auto& piece : pieces)
    if (auto fed = parser.feed(piece); !fed) return fed.error().why;
  if (auto finished = parser.finish(); !finished) return seen + " " + finished.error().why;
  return seen;
}

void expect_at_every_split(const std::string& boundary, const std::string& body,
                           const std::string& expected) {
  std::vector<std::string> bytes;
  for (char c : body) bytes.emplace_back(1, c);
  EXPECT_EQ(parse(boundary, bytes), expected);
  for (size_t a = 0; a <= body.size(); ++a)
    for (size_t b = a; b <= body.size(); ++b)
      ASSERT_EQ(parse(boundary, {body.substr(0, a), body.substr(a, b - a), body.substr(b)}),
                expected)
          << "cut at " << a << " and " << b;
}

TEST(Multipart, WhatIsWrittenIsRead) {
  MultipartForm form("b0undary");
  form.field("purpose", "batch");
  form.file("file", "a \"b\"\r\n.jsonl", "application/jsonl", Body("{\"x\":1}\n\r\n--b0undar\r\n"));
  form.field("empty", "");
  EXPECT_EQ(form.content_type(), "multipart/form-data; boundary=b0undary");
  const std::string text = std::move(form).finish().text().value();
  expect_at_every_split(
      "b0undary", text,
      "purpose|-|{batch}file|a %22b%22%0D%0A.jsonl|application/jsonl{{\"x\":1}\n\r\n--b0undar\r\n}"
      "empty|-|{}");
}

TEST(Multipart, SourcesAreReferredToNotCopied) {
  class Zeros : public ByteSource {
   public:
    int64_t size() const override { return int64_t{2} << 30; }
    Result<size_t> read(int64_t, char* to, size_t n) const override {
      std::fill_n(to, n, '0');
      return n;
    }
  };
  MultipartForm form("b");
  form.file("file", "big", "", Body(std::make_shared<Zeros>()));
  const Body body = std::move(form).finish();
  EXPECT_EQ(body.pieces.size(), 3u);
  EXPECT_GT(body.size(), int64_t{2} << 30);
}

TEST(Multipart, NearlyDelimitersAreContent) {
  expect_at_every_split("ab", "--ab\r\n\r\n\r\n--a\r\n--\r\r\n-\r\n\r\n--ab--",
                        "|-|{\r\n--a\r\n--\r\r\n-\r\n}");
}

TEST(Multipart, PreambleEpilogueAndPadding) {
  expect_at_every_split(
      "b",
      "hello\r\n--b \t\r\nContent-Disposition: form-data; name=x\r\n\r\n1\r\n--b--\r\nbye --b\r\n",
      "x|-|{1}");
  expect_at_every_split("b", "--b--", "");
}

TEST(Multipart, Filenames) {
  const auto name_of = [](const std::string& disposition) {
    return parse("b", {"--b\r\ncontent-disposition: " + disposition + "\r\n\r\n\r\n--b--"});
  };
  EXPECT_EQ(name_of(R"(form-data; name="f"; filename="a\"b\\c;d.txt")"), "f|a\"b\\c;d.txt|{}");
  EXPECT_EQ(name_of("form-data; filename*=UTF-8''na%C3%AFve.txt; name=f; filename=\"naive.txt\""),
            "f|naïve.txt|{}");
  EXPECT_EQ(name_of("form-data; name=\"f\"; filename=\"\""), "f||{}");
  EXPECT_EQ(name_of("form-data; name=\"f"), "f|-|{}");
}

TEST(Multipart, Refusals) {
  const std::string ends_early = " it ends before its closing boundary";
  expect_at_every_split("b", "", ends_early);
  expect_at_every_split("b", "--b\r\n\r\nabc\r\n--", "|-|{abc" + ends_early);
  EXPECT_EQ(parse("b", {"--b\r\nno colon\r\n\r\n"}), "a header of a part has no name");
  EXPECT_EQ(parse("b", {"--bc\r\n"}), "something follows a boundary on its line");
  EXPECT_EQ(parse("b", {"--b\r\nA: " + std::string(20'000, 'x')}),
            "the headers of a part are too long");
  std::string many;
  for (int i = 0; i <= MultipartParser::max_parts; ++i) many += "--b\r\n\r\n\r\n";
  EXPECT_EQ(parse("b", {many}), "it has too many parts");
}

TEST(Multipart, AnErrorOfTheSinkEndsTheParse) {
  PartSink sink;
  sink.begin = [](const Part&) -> Status { return fail("test.stop", "stop"); };
  MultipartParser parser("b", sink);
  EXPECT_EQ(parser.feed("--b\r\n\r\nx").error().code, "test.stop");
}

TEST(Multipart, BoundaryOfAContentType) {
  EXPECT_EQ(multipart_boundary("multipart/form-data; boundary=abc").value(), "abc");
  EXPECT_EQ(multipart_boundary("Multipart/Related; type=\"a;b\"; Boundary=\"a b\"; x=y").value(),
            "a b");
  for (const char* text :
       {"", "application/json", "multipart/form-data",
        "multipart/form-data; boundary=", "multipart/form-data; boundary=\"\r\n\""})
    EXPECT_EQ(multipart_boundary(text).error().code, "wire.multipart") << text;
  EXPECT_FALSE(multipart_boundary("multipart/x; boundary=" + std::string(71, 'b')));
}

}  // namespace
}  // namespace twolane::wire
