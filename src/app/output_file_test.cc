#include "app/output_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace twolane::app {
namespace {

namespace fs = std::filesystem;

class OutputFileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "twolane-output-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
  }
  void TearDown() override { fs::remove_all(directory_); }
  std::string path() const { return directory_ + "/out.jsonl"; }
  std::string content() const {
    std::ifstream in(path());
    std::stringstream all;
    all << in.rdbuf();
    return all.str();
  }
  size_t files() const {
    size_t n = 0;
    for ([[maybe_unused]] const auto& entry : fs::directory_iterator(directory_)) ++n;
    return n;
  }
  std::string directory_;
};

TEST_F(OutputFileTest, AppearsWholeWhenItIsPublished) {
  auto file = OutputFile::create(path());
  ASSERT_TRUE(file.has_value());
  ASSERT_TRUE(file->write("one\n").has_value());
  EXPECT_FALSE(fs::exists(path()));
  ASSERT_TRUE(file->write("two\n").has_value());
  ASSERT_TRUE(file->publish().has_value());
  EXPECT_EQ(content(), "one\ntwo\n");
  EXPECT_EQ(files(), 1u);
}

TEST_F(OutputFileTest, LeavesTheOldOneAndNothingElseWhenItIsDropped) {
  std::ofstream(path()) << "old\n";
  {
    auto file = OutputFile::create(path());
    ASSERT_TRUE(file.has_value());
    ASSERT_TRUE(file->write("new\n").has_value());
  }
  EXPECT_EQ(content(), "old\n");
  EXPECT_EQ(files(), 1u);
}

TEST_F(OutputFileTest, NamesThePlaceThatCannotBeWritten) {
  const auto file = OutputFile::create(directory_ + "/absent/out.jsonl");
  ASSERT_FALSE(file.has_value());
  EXPECT_EQ(file.error().code, "output.file");
  EXPECT_EQ(file.error().where.file, directory_ + "/absent/out.jsonl");
}

}  // namespace
}  // namespace twolane::app
