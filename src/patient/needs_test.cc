// Inputs in which lines come after others: what is stored of them, and what is refused.
#include "patient/intake_fixture.h"
#include "patient/intake.h"

namespace twolane::patient {
namespace {

class NeedsTest : public IntakeFixture {
 protected:
  static std::string line(const std::string& id, const std::string& after, const std::string& text) {
    std::string plain = chat_line(id, text);
    if (!after.empty()) plain.insert(plain.find(R"("method")"), "\"after\":" + after + ",");
    return plain + "\n";
  }
  // "0:open:2" for each request: shape's steps after, state, and whom it needs.
  std::vector<std::string> stored() {
    std::vector<std::string> all;
    const auto shapes = store->shapes(job.id).value();
    const auto needs = store->needs(job.id, 0, 1'000'000).value();
    const auto rows = store->outcomes(job.id, 0, 1'000'000).value();
    for (const auto& row : rows) {
      const auto& shape = shapes[static_cast<size_t>(row.shape)];
      std::string text = row.length > 0 ? std::to_string(shape.steps_after) : "-";
      text += ":" + std::string(name_of(row.state));
      for (const auto& n : needs)
        if (n.need.index == row.index) text += ":" + std::to_string(n.need.needed);
      all.push_back(text);
    }
    return all;
  }
};

TEST_F(NeedsTest, chains_have_their_lengths) {
  const auto checked = take_bytes(
      "a.jsonl", line("a", "", "1") + line("b", "\"a\"", "2 {{answer}}") + line("alone", "", "x") +
                     line("c", "[\"b\"]", "3 {{answer:b}}") + line("d", "[\"alone\",\"c\"]", "{{answer:c}} {{answer:alone}}"));
  ASSERT_TRUE(checked) << checked.error().message;
  EXPECT_EQ(stored(), (std::vector<std::string>{"3:open", "2:waiting:0", "1:open", "1:waiting:1", "0:waiting:2:3"}));
  ASSERT_EQ(checked->shapes.size(), 4u);
  for (const Shape& shape : checked->shapes) EXPECT_EQ(shape.requests, shape.steps_after == 1 ? 2 : 1);
  EXPECT_EQ(store->job(job.id).value()->totals.of(RequestState::waiting), 3);
}

// What is said of the cost beforehand counts each answer wherever it goes, as long as it may be.
TEST_F(NeedsTest, answers_count_in_the_bound) {
  const auto bound = [&](const std::string& second) {
    return take(file("a.jsonl", line("a", "", "1") + second), {}, true)->list_bound;
  };
  const auto alone = bound(line("b", "\"a\"", "{{answers}} {{answers}}"));
  const auto once = bound(line("b", "\"a\"", "{{answer}} {{answers}}-"));
  const auto twice = bound(line("b", "\"a\"", "{{answer}} {{answer}}--"));
  EXPECT_EQ((once - alone).n, 64 * 750'000);
  EXPECT_EQ((twice - alone).n, 2 * 64 * 750'000);
}

TEST_F(NeedsTest, a_job_without_after_is_as_before) {
  const auto checked = take_bytes("a.jsonl", line("a", "", "{{answer}} {{answer:b}}") + line("b", "null", "{{answer}}") +
                                                 line("c", "[]", "x"));
  ASSERT_TRUE(checked) << checked.error().message;
  EXPECT_EQ(stored(), (std::vector<std::string>{"0:open", "0:open", "0:open"}));
  EXPECT_EQ(checked->shapes.size(), 1u);
}

TEST_F(NeedsTest, other_formats_say_it_likewise) {
  const auto anthropic = [](const std::string& id, const std::string& after) {
    return R"({"custom_id":")" + id + "\"," + after +
           R"("params":{"model":"claude-haiku-4-5","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}})";
  };
  ASSERT_TRUE(take_bytes("a.jsonl", anthropic("a", "") + "\n" + anthropic("b", R"("after":"a",)") + "\n"));
  EXPECT_EQ(stored(), (std::vector<std::string>{"1:open", "0:waiting:0"}));
  ASSERT_TRUE(take_bytes("b.json", "{\"requests\":[" + anthropic("a", "") + "," + anthropic("b", R"("after":["a"],)") + "]}"));
  EXPECT_EQ(stored(), (std::vector<std::string>{"1:open", "0:waiting:0"}));
  IntakeOptions o;
  o.input.models = {{"gemini", "gemini-2.5-flash"}};
  const auto gemini = [](const std::string& id, const std::string& after) {
    return R"({"key":")" + id + R"(","request":{"contents":[{"role":"user","parts":[{"text":"hi"}]}]})" + after + "}\n";
  };
  ASSERT_TRUE(take_bytes("c.jsonl", gemini("a", "") + gemini("b", R"(,"after":"a")"), o));
  EXPECT_EQ(stored(), (std::vector<std::string>{"1:open", "0:waiting:0"}));
}

TEST_F(NeedsTest, what_can_never_come_is_refused_with_its_place) {
  struct Bad {
    std::string second, message;
  };
  for (const Bad& bad : {
           Bad{line("b", "\"x\"", "t"), "no line has the custom_id x that this one comes after"},
           Bad{line("b", "\"c\"", "t"), "it comes after c, which is a later line"},
           Bad{line("b", "[\"a\",\"c\"]", "t"), "it comes after c, which is a later line"},
           Bad{line("b", "\"b\"", "t"), "the line comes after itself"},
           Bad{line("b", "\"\"", "t"), "after has an empty id"},
           Bad{line("b", "7", "t"), "after is no id"},
           Bad{line("b", "[\"a\",\"a\"]", "t"), "after names a twice"},
           Bad{line("b", "\"a\"", "{{answer:c}}"), "{{answer:c}} is the answer of no request in after"},
           Bad{line("b", "[]", "{{answer}}"), "{{answer}} does not say whose"},
       }) {
    const Error e = refused("a.jsonl", line("a", "", "t") + bad.second + line("c", "", "t"));
    EXPECT_EQ(e.code, "input.after") << bad.message;
    EXPECT_EQ(e.message, bad.message);
    EXPECT_EQ(e.where.line, 2);
    EXPECT_EQ(e.where.custom_id, "b");
    EXPECT_FALSE(e.where.file.empty());
    EXPECT_FALSE(e.why.empty());
    EXPECT_FALSE(e.next.empty());
  }
}

TEST_F(NeedsTest, the_first_fault_of_the_file_is_told) {
  const std::string good = line("a", "", "t"), lost = line("b", "\"x\"", "t"), bad = "{\"custom_id\":\n";
  EXPECT_EQ(refused("a.jsonl", good + lost + bad).code, "input.after");
  EXPECT_EQ(refused("a.jsonl", good + bad + lost).code, "input.json");
  EXPECT_EQ(refused("a.jsonl", good + lost + good).code, "input.after");
  const Error two = refused("a.jsonl", good + lost + line("c", "\"y\"", "t"));
  EXPECT_EQ(two.count, 2);
}

TEST_F(NeedsTest, what_comes_after_a_line_that_was_set_aside_is_set_aside) {
  IntakeOptions o;
  o.skip_invalid = true;
  std::string repeat = line("a", "", "again");
  const auto checked = take_bytes("a.jsonl", "{\"custom_id\":\n" + line("a", "", "1") + line("b", "\"x\"", "2") +
                                                 line("c", "\"b\"", "3") + repeat + line("d", "\"a\"", "4") + line("e", "[\"d\",\"c\"]", "5"), o);
  ASSERT_TRUE(checked) << checked.error().message;
  EXPECT_EQ(checked->invalid, 5);
  EXPECT_EQ(stored(), (std::vector<std::string>{"-:failed", "1:open", "-:failed", "-:failed", "-:failed", "0:waiting:1", "-:failed"}));
  const auto rows = store->outcomes(job.id, 0, 9).value();
  EXPECT_NE(rows[2].error.find("no line has the custom_id x"), std::string::npos) << rows[2].error;
  EXPECT_NE(rows[3].error.find("it comes after b, which was set aside"), std::string::npos) << rows[3].error;
  EXPECT_NE(rows[4].error.find("input.duplicate_id"), std::string::npos) << rows[4].error;
  EXPECT_NE(rows[6].error.find("it comes after c, which was set aside"), std::string::npos) << rows[6].error;
  const auto none_good = take_bytes("b.jsonl", line("b", "\"x\"", "2") + line("c", "\"b\"", "3"), o);
  ASSERT_FALSE(none_good);
  EXPECT_EQ(none_good.error().code, "input.after");
}

TEST_F(NeedsTest, many_chains_and_long_ones) {
  std::string text;
  for (int i = 0; i < 6'000; ++i)
    text += line("r" + std::to_string(i), i < 3'000 ? "" : "\"r" + std::to_string(i - 3'000) + "\"", "t");
  ASSERT_TRUE(take_bytes("a.jsonl", text));
  const auto needs = store->needs(job.id, 0, 1'000'000).value();
  ASSERT_EQ(needs.size(), 3'000u);
  for (const auto& n : needs) ASSERT_EQ(n.need.needed, n.need.index - 3'000);
  EXPECT_EQ(store->shapes(job.id).value().at(0).requests, 3'000);
  const auto chain = [&](int steps) {
    std::string lines = line("s0", "", "t");
    for (int i = 1; i <= steps; ++i) lines += line("s" + std::to_string(i), "\"s" + std::to_string(i - 1) + "\"", "t");
    return lines;
  };
  ASSERT_TRUE(take_bytes("b.jsonl", chain(1'000)));
  EXPECT_EQ(store->shapes(job.id).value().at(0).steps_after, 1'000);
  const auto longer = take_bytes("c.jsonl", chain(1'001));
  ASSERT_FALSE(longer);
  EXPECT_EQ(longer.error().code, "input.after");
  EXPECT_EQ(longer.error().message, "a chain is longer than 1,000 steps");
}

}  // namespace
}  // namespace twolane::patient
