// Several files are one log: however its lines are dealt out and however the files are named, the report is the same.
#include "app/audit_merge.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "audit/labelled_month_for_test.h"
#include "audit/report.h"
#include "audit/report_json.h"

namespace twolane::app {
namespace {

class SeveralLogs : public testing::Test {
 protected:
  SeveralLogs() : directory_(testing::TempDir() + "logs-" + std::to_string(::getpid()) + "/") { std::filesystem::create_directories(directory_); }
  ~SeveralLogs() override { std::filesystem::remove_all(directory_); }

  // Ten days of the labelled month as lines of the access log, by their ends.
  static const std::vector<std::string>& lines() {
    static const std::vector<std::string> all = [] {
      std::vector<std::pair<Time, std::string>> made;
      const audit::LabelledMonth month(101);
      for (const auto& c : month.calls()) {
        if (c.start - month.calls().front().start > days(10)) break;
        const Time end = c.start + c.latency;
        made.emplace_back(end, R"({"at":")" + rfc3339(end) + R"(","key":")" + c.key + R"(","model":")" + c.model + R"(","provider":")" + c.provider +
                                   R"(","lane":"interactive","stream":)" + (c.streaming ? "true" : "false") + R"(,"user_agent":")" + c.client +
                                   R"(","status":)" + (c.outcome == audit::Outcome::disconnected ? "499" : "200") + R"(,"route":")" + c.route +
                                   R"(","input_tokens":)" + std::to_string(c.usage.input()) + R"(,"output_tokens":)" + std::to_string(c.usage.output) +
                                   R"(,"total_us":)" + std::to_string(c.latency.ms * 1000) + "}\n");
      }
      std::ranges::stable_sort(made, {}, &std::pair<Time, std::string>::first);
      std::vector<std::string> out;
      for (auto& [at, line] : made) out.push_back(std::move(line));
      return out;
    }();
    return all;
  }

  // The report of the lines, each in the file that `file_of` names for it.
  wire::Json report(const std::function<size_t(size_t)>& file_of, size_t files, const std::vector<size_t>& named) {
    std::vector<std::ofstream> out;
    for (size_t f = 0; f < files; ++f) out.emplace_back(directory_ + std::to_string(f), std::ios::binary);
    for (size_t i = 0; i < lines().size(); ++i) out[file_of(i)] << lines()[i];
    out.clear();
    std::vector<std::string> paths;
    for (const size_t f : named) paths.push_back(directory_ + std::to_string(f));
    audit::Collector collector({.zone_minutes = audit::LabelledMonth::zone_minutes, .zone = "+02:00"});
    audit::Lengths lengths;
    const auto order = order_logs(paths, nullptr).value();
    auto read = read_logs(order, nullptr, lengths, collector).value();
    int64_t calls = 0;
    for (const auto& file : read) calls += file.calls;
    EXPECT_EQ(calls, static_cast<int64_t>(lines().size()));
    auto json = audit::report_json(audit::make_report(collector.finish(), {}, {}));
    return json;
  }

  std::string directory_;
};

TEST_F(SeveralLogs, RotatedFilesInAnyOrder) {
  const auto whole = report([](size_t) { return 0u; }, 1, {0});
  EXPECT_GT(whole["moves"].size(), 2u);
  const size_t part = lines().size() / 3 + 1;
  const auto rotated = [&](size_t i) { return i / part; };
  EXPECT_EQ(report(rotated, 3, {0, 1, 2}), whole);
  EXPECT_EQ(report(rotated, 3, {2, 0, 1}), whole);
}

// Exports hold sums and no calls: they are read to their ends all the same, alone and beside logs.
TEST_F(SeveralLogs, ExportsAmongThem) {
  std::ofstream(directory_ + "export") << R"({"data":[{"start_time":1780272000,"end_time":1780358400,"results":[{"input_tokens":1000,"output_tokens":10,"model":"gpt-5.4"}]}]})";
  std::ofstream(directory_ + "log") << lines().front();
  for (const auto& names : {std::vector<std::string>{"export"}, {"export", "log"}, {"log", "export"}}) {
    std::vector<std::string> paths;
    for (const auto& name : names) paths.push_back(directory_ + name);
    audit::Collector collector({});
    audit::Lengths lengths;
    const auto read = read_logs(order_logs(paths, nullptr).value(), nullptr, lengths, collector).value();
    int64_t buckets = 0, calls = 0;
    for (const auto& file : read) buckets += file.buckets, calls += file.calls;
    EXPECT_EQ(buckets, 1);
    EXPECT_EQ(calls, static_cast<int64_t>(names.size()) - 1);
  }
}

// Two gateways and a third one that was down on some days write side by side: merged, they are one log.
TEST_F(SeveralLogs, FilesThatOverlapInAnyOrder) {
  const auto whole = report([](size_t) { return 0u; }, 1, {0});
  const auto dealt = [&](size_t i) { return i * 2654435761u % 97 < 40 ? 0u : i % 5000 < 2500 ? 1u : 2u; };
  const auto one = report(dealt, 3, {0, 1, 2}), other = report(dealt, 3, {2, 1, 0});
  EXPECT_EQ(one, other);
  for (const char* same : {"calls", "spend_usd", "planes", "moves", "live_peak_per_minute", "spend_by_hour_of_week_usd"}) EXPECT_EQ(one[same], whole[same]) << same;
  ASSERT_EQ(one["callers"].size(), whole["callers"].size());
  for (size_t i = 0; i < one["callers"].size(); ++i)
    for (const char* same : {"name", "verdict", "spend_usd", "decibans"}) EXPECT_EQ(one["callers"][i][same], whole["callers"][i][same]) << same;
}

}  // namespace
}  // namespace twolane::app
