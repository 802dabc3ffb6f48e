#include "wire/http.h"

#include <gtest/gtest.h>

namespace twolane::wire {
namespace {

// Gives at most three bytes at a time, to show that short reads are no ends.
class Dribble : public ByteSource {
 public:
  explicit Dribble(std::string text) : text_(std::move(text)) {}
  int64_t size() const override { return static_cast<int64_t>(text_.size()); }
  Result<size_t> read(int64_t offset, char* to, size_t length) const override {
    return text_.copy(to, std::min<size_t>(length, 3), static_cast<size_t>(offset));
  }

 private:
  std::string text_;
};

class Liar : public ByteSource {
 public:
  int64_t size() const override { return 10; }
  Result<size_t> read(int64_t, char*, size_t) const override { return size_t{0}; }
};

TEST(Body, ReadsAcrossPieces) {
  Body body("head ");
  body.append(std::make_shared<Dribble>("from a source"));
  body.append(std::string(" tail"));
  const std::string whole = "head from a source tail";
  EXPECT_EQ(body.size(), static_cast<int64_t>(whole.size()));
  EXPECT_EQ(body.text().value(), whole);
  for (size_t offset = 0; offset <= whole.size(); ++offset) {
    char buffer[64];
    const size_t got = body.read(static_cast<int64_t>(offset), buffer, sizeof buffer).value();
    EXPECT_EQ(std::string_view(buffer, got), std::string_view(whole).substr(offset, got));
    EXPECT_EQ(got == 0, offset == whole.size());
  }
}

TEST(Body, EmptyBodies) {
  EXPECT_EQ(Body().size(), 0);
  EXPECT_EQ(Body("").text().value(), "");
}

TEST(Body, ASourceThatEndsEarlyIsAnError) {
  EXPECT_EQ(Body(std::make_shared<Liar>()).text().error().code, "wire.body");
}

TEST(Headers, CaseIsIgnoredAndTheFirstWins) {
  const Headers h = {{"Content-Type", "a"}, {"content-type", "b"}};
  EXPECT_EQ(header(h, "CONTENT-TYPE"), "a");
  EXPECT_EQ(header(h, "Content-Typ"), "");
}

TEST(Url, Parts) {
  const auto parts = [](std::string_view text) {
    const Url u = parse_url(text).value();
    return u.scheme + ' ' + u.host + ' ' + u.port + ' ' + u.target;
  };
  EXPECT_EQ(parts("https://api.openai.com/v1/files"), "https api.openai.com 443 /v1/files");
  EXPECT_EQ(parts("http://127.0.0.1:8080"), "http 127.0.0.1 8080 /");
  EXPECT_EQ(parts("HTTP://h?x=1#part"), "http h 80 /?x=1");
  EXPECT_EQ(parts("http://[::1]:9/a?b=c/d"), "http ::1 9 /a?b=c/d");
  EXPECT_EQ(parts("http://h/a@b"), "http h 80 /a@b");
}

TEST(Url, RefusalsKeepSecretsToThemselves) {
  for (const char* text :
       {"", "api.openai.com/v1", "ftp://h/", "http://", "http:///p", "http://h:/", "http://h:0/",
        "http://h:65536/", "http://h:8x/", "http://user:secret@h/", "http://h/a b?key=secret",
        "http://h/\r\nX: secret", "http://[::1", "http://[::1]x/"}) {
    auto r = parse_url(text);
    ASSERT_FALSE(r) << text;
    EXPECT_EQ(r.error().code, "wire.url");
    EXPECT_EQ((r.error().message + r.error().why).find("secret"), std::string::npos);
  }
}

TEST(Percent, RoundTrip) {
  EXPECT_EQ(percent_encoded("a b/c?d=é~-._"), "a%20b%2Fc%3Fd%3D%C3%A9~-._");
  std::string all;
  for (int i = 0; i < 256; ++i) all.push_back(static_cast<char>(i));
  EXPECT_EQ(percent_decoded(percent_encoded(all)), all);
  EXPECT_EQ(percent_decoded("%zz%4"), "%zz%4");
  EXPECT_EQ(percent_decoded("%41%"), "A%");
}

}  // namespace
}  // namespace twolane::wire
