// The simulator's state on disk: what a death at any moment leaves.

#include "sim/storage.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace twolane::sim {
namespace {

class StorageDirectory : public testing::Test {
 protected:
  void SetUp() override {
    path_ =
        std::filesystem::path(testing::TempDir()) / ("sim-storage-" + std::to_string(::getpid()));
    std::filesystem::remove_all(path_);
  }
  void TearDown() override { std::filesystem::remove_all(path_); }
  std::unique_ptr<Storage> open() {
    auto opened = Storage::open(path_.string());
    EXPECT_TRUE(opened);
    return opened ? std::move(*opened) : nullptr;
  }
  void append(const char* file, std::string_view text) {
    std::ofstream(path_ / file, std::ios::app | std::ios::binary) << text;
  }
  static std::string all(const Source& source) {
    std::string text(static_cast<size_t>(source->size()), 0);
    EXPECT_EQ(*source->read(0, text.data(), text.size()), text.size());
    return text;
  }
  std::filesystem::path path_;
};

TEST_F(StorageDirectory, ATornTailIsCutOff) {
  {
    auto s = open();
    ASSERT_TRUE(s->charge("a\n"));
    ASSERT_TRUE(s->commit("{\"do\":1}"));
    ASSERT_TRUE(s->charge("lost\n"));  // its record never came
  }
  append("journal.jsonl", "{\"ledger\":7,\"eff");
  {
    auto s = open();
    EXPECT_EQ(s->take_records(), std::vector<std::string>{"{\"do\":1}"});
    EXPECT_EQ(all(*s->ledger()), "a\n");
    ASSERT_TRUE(s->charge("b\n"));
    ASSERT_TRUE(s->commit("{\"do\":2}"));
  }
  auto s = open();
  EXPECT_EQ(s->take_records().size(), 2u);
  EXPECT_EQ(all(*s->ledger()), "a\nb\n");
}

TEST_F(StorageDirectory, DamageIsRefused) {
  {
    ASSERT_TRUE(open()->commit("{\"do\":1}"));
  }
  append("journal.jsonl", "garbage\n");
  EXPECT_EQ(Storage::open(path_.string()).error().code, "sim.storage");
}

TEST_F(StorageDirectory, BlobsAreWrittenExtendedAndRead) {
  for (const std::string& directory : {std::string(), path_.string()}) {
    auto s = Storage::open(directory);
    ASSERT_TRUE(s);
    {
      ASSERT_TRUE((*(*s)->create("x"))->append("hello world"));
    }
    auto early = (*s)->read("x");
    {
      auto blob = (*s)->extend("x", 5);
      EXPECT_EQ((*blob)->size(), 5);
      ASSERT_TRUE((*blob)->append("!"));
    }
    EXPECT_EQ(all(*(*s)->read("x")), "hello!");
    EXPECT_EQ((*early)->size(), 11);
    (*s)->remove("x");
    EXPECT_FALSE((*s)->read("x"));
  }
}

}  // namespace
}  // namespace twolane::sim
