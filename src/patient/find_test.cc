// Requests by the names that people give them.
#include "patient/find.h"

#include "patient/intake_fixture.h"

namespace twolane::patient {
namespace {

class Find : public IntakeFixture {
 protected:
  void SetUp() override {
    IntakeFixture::SetUp();
    std::string text;  // an empty line is none: r3 is on line 5
    for (const char* id : {"r0", "r1", "r2", "", "r3", "7", "r5"}) text += (*id == 0 ? "" : chat_line(id, id)) + "\n";
    const auto checked = take_bytes("in.jsonl", text);
    ASSERT_TRUE(checked) << checked.error().message;
    job = store->job(checked->id).value().value();
  }
  std::string named(const std::vector<std::string>& names) {
    const auto found = find_requests(*store, *payloads, job, names);
    return found ? found->text() : found.error().code + " " + found.error().message;
  }
  std::string on(const char* rows) {
    const auto found = requests_on(*store, job, rows);
    return found ? found->text() : found.error().code;
  }
};

TEST_F(Find, ManyByNameInOnePass) {
  ASSERT_EQ(job.requests, 6);
  EXPECT_EQ(named({"r5", "r0", "r1"}), "0-1,5");
  EXPECT_EQ(named({"r2", "r2"}), "2");
  EXPECT_EQ(named({"5"}), "3") << "the number of its line";
  EXPECT_EQ(named({"7"}), "4") << "a custom_id goes before a line";
  EXPECT_EQ(named({"r1", "r9"}), "usage.request job " + job.id.hex().substr(0, 6) + " has no request \"r9\"");
  EXPECT_EQ(named({"4"}).substr(0, 13), "usage.request") << "an empty line";
}

TEST_F(Find, RowsAreLines) {
  EXPECT_EQ(on("1-3"), "0-2");
  EXPECT_EQ(on("4-6"), "3-4");
  EXPECT_EQ(on("6-"), "4-5");
  EXPECT_EQ(on("1, 7"), "0,5");
  EXPECT_EQ(on("3-900"), "2-5");
  EXPECT_EQ(on("4"), "usage.request");
  EXPECT_EQ(on("8-"), "usage.request");
  for (const char* wrong : {"", "0-3", "x", "3-1", "1;2", "-"}) EXPECT_EQ(on(wrong), "usage.rows") << wrong;
}

}  // namespace
}  // namespace twolane::patient
