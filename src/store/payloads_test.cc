// Segments on a real disk: what is appended, what is readable when, what is refused.
#include "store/payloads.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "store/posix_disk.h"

namespace twolane::store {
namespace {

class PayloadsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = std::filesystem::temp_directory_path() / "twolane-payloads-XXXXXX";
    directory_ = ::mkdtemp(name.data());
    disk_ = std::move(*posix_disk(directory_));
    payloads_ = std::make_unique<Payloads>(*disk_);
    ASSERT_TRUE(payloads_->prepare().has_value());
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string directory_;
  std::unique_ptr<Disk> disk_;
  std::unique_ptr<Payloads> payloads_;
};

TEST_F(PayloadsTest, reads_what_was_appended_across_its_buffer) {
  auto segment = std::move(*payloads_->create({1}));
  std::vector<std::pair<Slice, std::string>> written;
  for (const size_t length :
       {5ul, 700'000ul, 700'000ul, 0ul, 3'000'000ul, 1ul, (1ul << 20) - 1, 9ul}) {
    std::string text(length, static_cast<char>('a' + written.size()));
    const auto slice = segment->append(text);
    ASSERT_TRUE(slice.has_value());
    EXPECT_EQ(slice->segment, SegmentId{1});
    EXPECT_EQ(slice->length, static_cast<int64_t>(length));
    written.emplace_back(*slice, std::move(text));
  }
  ASSERT_TRUE(segment->flush().has_value());
  int64_t end = 0;
  for (const auto& [slice, text] : written) {
    EXPECT_EQ(slice.offset, end);
    end += slice.length;
    EXPECT_TRUE(payloads_->read(slice).value() == text);
  }
  EXPECT_EQ(segment->size(), end);
  ASSERT_TRUE(segment->sync().has_value());

  const auto source = payloads_->source({1}).value();
  EXPECT_EQ(source->size(), end);
  char bytes[8];
  EXPECT_EQ(source->read(3, bytes, 4).value(), 4u);
  EXPECT_EQ(std::string_view(bytes, 4), "aabb");
  EXPECT_EQ(source->read(end - 2, bytes, 8).value(), 2u);
  EXPECT_EQ(source->read(end, bytes, 8).value(), 0u);
}

TEST_F(PayloadsTest, a_segment_goes_on_where_it_ended) {
  {
    auto segment = std::move(*payloads_->create({1}));
    ASSERT_TRUE(segment->append("first").has_value());
    ASSERT_TRUE(segment->sync().has_value());
  }
  auto segment = std::move(*payloads_->reopen({1}));
  EXPECT_EQ(segment->size(), 5);
  const Slice slice = segment->append("second").value();
  EXPECT_EQ(slice.offset, 5);
  ASSERT_TRUE(segment->flush().has_value());
  EXPECT_EQ(payloads_->read(slice).value(), "second");
  EXPECT_EQ(payloads_->reopen({2}).value()->size(), 0);
  EXPECT_EQ(payloads_->create({1}).value()->size(), 0);  // emptied
  EXPECT_EQ(payloads_->read(slice).error().code, "store.corrupt");
}

TEST_F(PayloadsTest, lists_and_removes) {
  for (const uint64_t id : {3, 1, 2}) ASSERT_TRUE(payloads_->create({id}).has_value());
  ASSERT_TRUE(disk_->open("payloads/notes.txt", Disk::Mode::create).has_value());
  EXPECT_EQ(payloads_->list().value(), (std::vector<SegmentId>{{1}, {2}, {3}}));
  ASSERT_TRUE(payloads_->remove({2}).has_value());
  ASSERT_TRUE(payloads_->remove({2}).has_value());
  EXPECT_EQ(payloads_->list().value(), (std::vector<SegmentId>{{1}, {3}}));
  EXPECT_EQ(payloads_->read({{2}, 0, 1}).error().code, "store.io");
}

TEST_F(PayloadsTest, many_segments_can_be_read_in_turn) {
  for (uint64_t id = 1; id <= 20; ++id) {
    auto segment = std::move(*payloads_->create({id}));
    ASSERT_TRUE(segment->append(std::to_string(id)).has_value());
    ASSERT_TRUE(segment->flush().has_value());
  }
  for (int round = 0; round < 2; ++round)
    for (uint64_t id = 1; id <= 20; ++id) {
      const std::string text = std::to_string(id);
      EXPECT_EQ(payloads_->read({{id}, 0, static_cast<int64_t>(text.size())}).value(), text);
    }
}

TEST_F(PayloadsTest, disk_errors_name_the_path_and_the_reason) {
  const auto absent = disk_->open("no/such", Disk::Mode::create);
  ASSERT_FALSE(absent.has_value());
  EXPECT_EQ(absent.error().code, "store.io");
  EXPECT_NE(absent.error().message.find("no/such"), std::string::npos);
  EXPECT_EQ(absent.error().why, "No such file or directory");
  ASSERT_TRUE(disk_->open("file", Disk::Mode::create).has_value());
  EXPECT_EQ(posix_disk(directory_ + "/file").error().code, "store.io");
  ASSERT_TRUE(disk_->rename("file", "moved").has_value());
  EXPECT_TRUE(disk_->exists("moved").value());
  EXPECT_FALSE(disk_->exists("file").value());
  EXPECT_EQ(disk_->list("").value(), (std::vector<std::string>{"moved", "payloads"}));
  ASSERT_TRUE(disk_->sync_directory("").has_value());
}

}  // namespace
}  // namespace twolane::store
