// Results come back whole in whatever order they are asked for.
#include "patient/result_reader.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>

#include "store/posix_disk.h"

namespace twolane::patient {
namespace {

class ResultReaderTest : public testing::Test {
 protected:
  ResultReaderTest() {
    std::string name = std::filesystem::temp_directory_path() / "twolane-results-XXXXXX";
    directory_ = ::mkdtemp(name.data());
    disk_ = std::move(*store::posix_disk(directory_));
    payloads_ = std::make_unique<store::Payloads>(*disk_);
    EXPECT_TRUE(payloads_->prepare());
  }
  ~ResultReaderTest() override { std::filesystem::remove_all(directory_); }

  // Results of 700 bytes and more, each in a line with something around it.
  std::vector<Slice> write(store::Segment& segment, size_t count) {
    std::vector<Slice> slices;
    for (size_t i = 0; i < count; ++i) {
      EXPECT_TRUE(segment.append("{\"custom_id\":\"some\",\"body\":"));
      slices.push_back(*segment.append(text_of(i)));
      EXPECT_TRUE(segment.append("}\n"));
    }
    EXPECT_TRUE(segment.sync());
    return slices;
  }
  static std::string text_of(size_t i) {
    return std::to_string(i) + std::string(700 + i % 7 * 9000, static_cast<char>('a' + i % 26));
  }

  std::string directory_;
  std::unique_ptr<store::Disk> disk_;
  std::unique_ptr<store::Payloads> payloads_;
};

TEST_F(ResultReaderTest, one_after_another_backwards_and_from_many_segments) {
  std::vector<std::vector<Slice>> all;
  for (uint64_t s = 1; s <= 20; ++s) all.push_back(write(**payloads_->create(SegmentId{s}), 60));
  ResultReader reader(*payloads_);
  std::string text;
  const auto read = [&](size_t segment, size_t i) {
    ASSERT_TRUE(reader.read(all[segment][i], text));
    ASSERT_EQ(text, text_of(i));
  };
  for (size_t i = 0; i < 60; ++i) read(0, i);
  for (size_t i = 60; i-- > 0;) read(0, i);
  for (size_t i = 0; i < 60; ++i)
    for (size_t s = 0; s < 20; ++s) read(s, i);
}

TEST_F(ResultReaderTest, what_was_added_since_is_read_and_what_is_gone_is_said) {
  auto segment = std::move(*payloads_->create(SegmentId{5}));
  auto slices = write(*segment, 3);
  ResultReader reader(*payloads_);
  std::string text;
  for (const Slice& slice : slices) ASSERT_TRUE(reader.read(slice, text));
  slices = write(*segment, 2);
  for (size_t i = 0; i < 2; ++i) {
    ASSERT_TRUE(reader.read(slices[i], text));
    EXPECT_EQ(text, text_of(i));
  }
  const Slice beyond{SegmentId{5}, slices.back().offset + slices.back().length, 1000};
  const Status read = reader.read(beyond, text);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, "store.corrupt");
}

}  // namespace
}  // namespace twolane::patient
