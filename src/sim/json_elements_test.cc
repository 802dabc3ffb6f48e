// The splitting of create bodies: the same elements wherever the pieces are cut.

#include "sim/json_elements.h"

#include <gtest/gtest.h>

#include <vector>

namespace twolane::sim {
namespace {

struct Seen {
  std::vector<std::string> elements;
  bool good = false;
  bool operator==(const Seen&) const = default;
};

Seen split(std::initializer_list<std::string_view> pieces) {
  Seen seen;
  JsonElements elements("requests", [&](std::string_view e) {
    seen.elements.emplace_back(e);
    return Status();
  });
  for (std::string_view piece : pieces) EXPECT_TRUE(elements.feed(piece));
  seen.good = elements.finish().has_value();
  return seen;
}

TEST(JsonElements, EveryCutGivesTheSame) {
  const std::string text =
      "{ \"x\": [1,{\"requests\":[0]}], \"note\":\"requests\",\n \"requests\" :\n[ "
      "{\"a\":\"}],\\\"\\\\\",\n"
      "\"b\":[1,[2]]} , {} ,7] , \"y\":\"[\"}\n";
  const Seen whole = split({text});
  EXPECT_TRUE(whole.good);
  ASSERT_EQ(whole.elements.size(), 3u);
  EXPECT_EQ(whole.elements[0], "{\"a\":\"}],\\\"\\\\\", \"b\":[1,[2]]} ");
  for (size_t cut = 0; cut <= text.size(); ++cut)
    EXPECT_EQ(split({std::string_view(text).substr(0, cut), std::string_view(text).substr(cut)}),
              whole)
        << cut;
}

TEST(JsonElements, RefusesWhatIsNotWhole) {
  for (const char* text :
       {"", "[]", "{}", "{\"requests\":[1]", "{\"requests\":[1}}", "{\"requests\":[1]} x",
        "{\"requests\":{}}", "{\"requests\":[\"a]}", "x{\"requests\":[]}"})
    EXPECT_FALSE(split({text}).good) << text;
  EXPECT_TRUE(split({"{\"requests\":[]}"}).good);
}

}  // namespace
}  // namespace twolane::sim
