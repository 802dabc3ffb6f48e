#include "store/small_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

namespace twolane::store {
namespace {

class SmallFile : public ::testing::Test {
 protected:
  SmallFile() { std::filesystem::create_directories(directory_); }
  ~SmallFile() override { std::filesystem::remove_all(directory_); }

  std::string text() const {
    std::string text;
    EXPECT_FALSE(read_whole(path_, text));
    return text;
  }

  std::string directory_ = ::testing::TempDir() + "small-file-" + std::to_string(::getpid());
  std::string path_ = directory_ + "/file";
};

TEST_F(SmallFile, IsReplacedWhole) {
  ASSERT_FALSE(replace_durably(path_, std::string(100'000, 'a')));
  EXPECT_EQ(text(), std::string(100'000, 'a'));
  ASSERT_FALSE(replace_durably(path_, ""));
  EXPECT_EQ(text(), "");
  EXPECT_FALSE(std::filesystem::exists(path_ + ".new"));
  struct stat there{};
  ASSERT_EQ(::stat(path_.c_str(), &there), 0);
  EXPECT_EQ(there.st_mode & 0777, 0600u);
}

TEST_F(SmallFile, WhatACrashLeftAsideIsWrittenOver) {
  std::ofstream(path_ + ".new") << "much longer than what comes";
  ASSERT_FALSE(replace_durably(path_, "short"));
  EXPECT_EQ(text(), "short");
}

TEST_F(SmallFile, AFailureLeavesTheOldOne) {
  ASSERT_FALSE(replace_durably(path_, "old"));
  std::filesystem::create_directory(path_ + ".new");
  EXPECT_EQ(replace_durably(path_, "new"), std::errc::is_a_directory);
  EXPECT_EQ(text(), "old");
}

TEST_F(SmallFile, ErrorsAreTheSystems) {
  std::string text = "before";
  EXPECT_EQ(read_whole(path_, text), std::errc::no_such_file_or_directory);
  EXPECT_EQ(text, "");
  EXPECT_EQ(replace_durably(directory_ + "/none/file", "x"), std::errc::no_such_file_or_directory);
  EXPECT_EQ(sync_path(path_), std::errc::no_such_file_or_directory);
}

}  // namespace
}  // namespace twolane::store
