// Homes: one owner, guests beside it, leftovers, retention.
#include "store/home.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

namespace twolane::store {
namespace {

class HomeTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = std::filesystem::temp_directory_path() / "twolane-home-XXXXXX";
    base_ = ::mkdtemp(name.data());
    directory_ = base_ + "/state/twolane";
  }
  void TearDown() override { std::filesystem::remove_all(base_); }

  static void accept(Home& home, uint64_t id, JobState state, Time finished) {
    auto segment = home.payloads().create({id + 1});
    ASSERT_TRUE(segment.has_value());
    ASSERT_TRUE((*segment)->append("{}\n").has_value());
    ASSERT_TRUE((*segment)->sync().has_value());
    Job job;
    job.id = {id};
    job.input = {id + 1};
    job.state = state;
    job.finished = finished;
    auto acceptance = home.store().accept(job.id);
    ASSERT_TRUE(acceptance.has_value());
    ASSERT_TRUE((*acceptance)->commit(job, {}).has_value());
  }

  static int mode_of(const std::string& path) {
    struct stat about;
    return ::stat(path.c_str(), &about) == 0 ? static_cast<int>(about.st_mode & 0777) : -1;
  }

  std::string base_, directory_;
};

TEST_F(HomeTest, is_readable_by_its_owner_only) {
  auto home = Home::open(directory_);
  ASSERT_TRUE(home.has_value()) << home.error().message << home.error().why;
  accept(**home, 10, JobState::running, {});
  EXPECT_EQ(mode_of(base_ + "/state"), 0700);
  EXPECT_EQ(mode_of(directory_), 0700);
  EXPECT_EQ(mode_of(directory_ + "/payloads"), 0700);
  int files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory_)) {
    if (!entry.is_regular_file()) continue;
    ++files;
    EXPECT_EQ(mode_of(entry.path()), 0600) << entry.path();
  }
  EXPECT_GE(files, 5);  // lock, database, its log and index, the payload
}

TEST_F(HomeTest, has_one_owner_and_names_it) {
  auto first = Home::open(directory_);
  ASSERT_TRUE(first.has_value());
  auto second = Home::open(directory_);
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, "home.busy");
  EXPECT_NE(second.error().why.find("process " + std::to_string(::getpid())), std::string::npos);
  ASSERT_EQ(second.error().next.size(), 2u);
  EXPECT_NE(second.error().next[0].find("twolane results"), std::string::npos);
  first->reset();
  EXPECT_TRUE(Home::open(directory_).has_value());
}

TEST_F(HomeTest, guests_read_beside_the_owner_and_leave_words) {
  auto nothing = Home::beside(directory_);
  ASSERT_FALSE(nothing.has_value());
  EXPECT_EQ(nothing.error().code, "store.absent");

  auto owner = Home::open(directory_);
  ASSERT_TRUE(owner.has_value());
  auto guest = Home::beside(directory_);
  ASSERT_TRUE(guest.has_value()) << guest.error().message << guest.error().why;
  EXPECT_FALSE((*guest)->owned());
  accept(**owner, 10, JobState::running, {});
  const auto job = (*guest)->store().job({10});
  ASSERT_TRUE(job.has_value());
  ASSERT_TRUE(job->has_value());
  EXPECT_EQ((*guest)->payloads().read({{11}, 0, 3}).value(), "{}\n");
  ASSERT_TRUE((*guest)->store().leave_word({0, {10}, "cancel", ""}).has_value());
  EXPECT_EQ((*owner)->store().words().value().size(), 1u);
  const auto change = (*guest)->store().amend(**job);
  ASSERT_FALSE(change.has_value());
  EXPECT_EQ(change.error().code, "store.busy");
}

TEST_F(HomeTest, removes_what_no_row_names) {
  {
    auto home = Home::open(directory_);
    ASSERT_TRUE(home.has_value());
    accept(**home, 10, JobState::running, {});
    ASSERT_TRUE((*home)->payloads().create({77}).has_value());
    ASSERT_TRUE((*home)->payloads().create({78}).has_value());
  }
  auto home = Home::open(directory_);
  ASSERT_TRUE(home.has_value());
  EXPECT_EQ((*home)->payloads().list().value(), (std::vector<SegmentId>{{11}}));
}

TEST_F(HomeTest, forgets_what_finished_long_ago) {
  auto home = Home::open(directory_);
  ASSERT_TRUE(home.has_value());
  const Time now{1'000'000'000};
  accept(**home, 10, JobState::done, now - days(40));
  accept(**home, 20, JobState::done, now - days(20));
  accept(**home, 30, JobState::running, {});
  accept(**home, 40, JobState::cancelled, now - days(31));
  EXPECT_EQ((*home)->sweep(now, days(30)).value(), 2);
  EXPECT_EQ((*home)->payloads().list().value(), (std::vector<SegmentId>{{21}, {31}}));
  EXPECT_EQ((*home)->store().jobs().value().size(), 2u);
  ASSERT_TRUE((*home)->forget({20}).has_value());
  EXPECT_EQ((*home)->payloads().list().value(), (std::vector<SegmentId>{{31}}));
  const auto again = (*home)->forget({20});
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().code, "store.unknown_job");
}

}  // namespace
}  // namespace twolane::store
