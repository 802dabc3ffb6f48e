#include "patient/prompt_template.h"

#include <gtest/gtest.h>

#include <map>

namespace twolane::patient {
namespace {

std::string filled(std::string_view text, const std::map<std::string, std::string>& values) {
  const auto parsed = PromptTemplate::parse(text);
  if (!parsed) return "error: " + parsed.error().message;
  std::string out;
  const std::string_view missing = parsed->render(out, [&](const std::string& name) {
    const auto at = values.find(name);
    return at == values.end() ? nullptr : &at->second;
  });
  return missing.empty() ? out : "missing: " + std::string(missing);
}

TEST(PromptTemplate, Fills) {
  EXPECT_EQ(filled("Label {text}, {n}!", {{"text", "{n}"}, {"n", "3"}}), "Label {n}, 3!");
  EXPECT_EQ(filled("{a}{a}", {{"a", "x"}}), "xx");
  EXPECT_EQ(filled("", {}), "");
  EXPECT_EQ(filled("{a column}", {{"a column", ""}}), "");
}

TEST(PromptTemplate, Braces) {
  EXPECT_EQ(filled(R"({{"label": "{a}"}})", {{"a", "x"}}), R"({"label": "x"})");
  EXPECT_EQ(filled("} {{{a}}}", {{"a", "x"}}), "} {x}");
}

TEST(PromptTemplate, Faults) {
  EXPECT_EQ(filled("{a} {b}", {{"a", "x"}}), "missing: b");
  EXPECT_EQ(filled("x {a", {}), "error: the prompt has a { that is never closed");
  EXPECT_EQ(filled("{}", {}), "error: the prompt has empty braces");
}

TEST(UnknownColumn, NamesTheLikelyOne) {
  const auto next = [](std::string_view name, const std::vector<std::string>& columns) {
    return unknown_column(name, columns).next.front();
  };
  EXPECT_EQ(next("body", {"id", "subject", "text"}), "did you mean {text}?");
  EXPECT_EQ(next("subjct", {"id", "subject", "text"}), "did you mean {subject}?");
  EXPECT_EQ(next("price", {"id", "name"}), "use one of id, name, or write {{ and }} for braces");
}

}  // namespace
}  // namespace twolane::patient
