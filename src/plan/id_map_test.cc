#include "plan/id_map.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace twolane::plan {
namespace {

TEST(IdMap, AgreesWithAMap) {
  std::mt19937_64 random(5);
  IdMap<JobTag, int> ids;
  std::map<uint64_t, int> expected;
  std::map<uint64_t, int*> addresses;
  EXPECT_EQ(ids.find(JobId{1}), nullptr);
  for (int i = 0; i < 20'000; ++i) {
    const uint64_t n = random() % 700 + (random() % 2 ? uint64_t{1} << 60 : 1);
    if (random() % 3) {
      ids[JobId{n}] = i;
      expected[n] = i;
      int*& address = addresses[n];
      if (address != nullptr) ASSERT_EQ(address, ids.find(JobId{n})) << "values keep their addresses";
      address = ids.find(JobId{n});
    } else {
      ids.erase(JobId{n});
      expected.erase(n);
      addresses.erase(n);
    }
    const uint64_t probe = random() % 700;
    ASSERT_EQ(ids.contains(JobId{probe}), expected.contains(probe));
  }
  ASSERT_EQ(ids.size(), expected.size());
  for (const auto& [n, value] : expected) ASSERT_EQ(ids.at(JobId{n}), value);
}

}  // namespace
}  // namespace twolane::plan
