#include "wire/base64.h"

#include <gtest/gtest.h>

namespace twolane::wire {
namespace {

TEST(Base64, VectorsOfTheRfc) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, coded] : vectors) {
    EXPECT_EQ(base64_encoded(plain), coded);
    EXPECT_EQ(base64_decoded(coded).value(), plain);
  }
}

TEST(Base64, AllBytesComeBack) {
  std::string all;
  for (int i = 0; i < 256; ++i) all.push_back(static_cast<char>(i));
  for (size_t n = 0; n <= all.size(); ++n) {
    const std::string part = all.substr(all.size() - n);
    ASSERT_EQ(base64_decoded(base64_encoded(part)).value(), part);
  }
}

TEST(Base64, RefusesWhatIsNotExact) {
  for (const char* text : {"Z", "Zg", "Zg=", "Zh==", "Zm9=", "Zm9v=", "====", "Zg==Zg==", "Zm 9v",
                           "Zm9-", "Zg=a", "Z==="})
    EXPECT_EQ(base64_decoded(text).error().code, "wire.base64") << text;
}

}  // namespace
}  // namespace twolane::wire
