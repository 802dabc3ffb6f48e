// The progress block and the plain lines, against the exact text.
#include "app/progress.h"

#include <gtest/gtest.h>

#include "app/escape.h"

namespace twolane::app {
namespace {

const Zone zone = Zone::fixed(3600);
Time utc(std::string_view text) { return parse_rfc3339(text).value(); }

Snapshot packing() {
  Snapshot s;
  s.job = "7f3c91";
  s.input = "tickets.jsonl";
  s.models = "openai/gpt-5.4-mini";
  s.now = utc("2026-11-25T20:16:40Z");
  s.deadline = utc("2026-11-26T05:00:00Z");
  s.kept = true;
  s.cap = PicoUsd::from_usd(5);
  s.requests = 13083;
  s.done = 1;
  s.batched = 10000;
  s.waiting = 3082;
  s.reserved = {4'926'000'000'000};
  s.list_most = {9'850'000'000'000};
  s.batches = {{1, "openai", 10000, Snapshot::Batch::Stage::out, utc("2026-11-25T20:16:31Z"), -1},
               {2, "openai", 3082, Snapshot::Batch::Stage::planned, {}, -1}};
  s.list_kept = {519'000'000};
  s.finish = utc("2026-11-25T21:41:12Z");
  s.takeover = utc("2026-11-26T02:58:00Z");
  s.next = "send batch 2 now";
  return s;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += line + '\n';
  return text;
}

TEST(Progress, ThePackingBlock) {
  EXPECT_EQ(joined(block(packing(), zone)),
            "tickets.jsonl  13,083 requests  openai/gpt-5.4-mini                   job 7f3c91\n"
            "due Thu 06:00, in 8 h 43 min, kept                                  cap 5.00 USD\n"
            "[#=====================================================----------------]\n"
            "  done               1\n"
            "  in batches    10,000   batch 1 at openai since 21:16\n"
            "  waiting        3,082   batch 2 is being sent\n"
            "  live               0\n"
            "  failed             0\n"
            "money    0.00 booked, 4.93 reserved; list price about 6.79\n"
            "finish   about 22:40, 7 h 18 min early\n"
            "rescue   at Thu 03:58 the rest moves to the live lane\n"
            "next     send batch 2 now\n");
}

TEST(Progress, WhatComesAfterOthersIsSaid) {
  Snapshot s = packing();
  s.batches.pop_back();
  s.after_others = 3000;
  EXPECT_EQ(block(s, zone)[5], "  waiting        3,082   3,000 after others of the file");
}

TEST(Progress, WhatWasCancelledIsNoFailure) {
  Snapshot s = packing();
  s.waiting = 0, s.failed = 3082, s.cancelled = 3000;
  EXPECT_EQ(block(s, zone)[7], "  failed         3,082   3,000 of them cancelled by you");
  PlainLines lines(zone);
  lines.begin(s);
  s.now = s.now + hours(1);
  EXPECT_EQ(lines.tick(s).back(), "22:16:40 waiting: done 1, in batches 10,000, cancelled 3,000, failed 82, 0.00 USD");
}

TEST(Progress, ThePromotingBlock) {
  Snapshot s = packing();
  s.now = utc("2026-11-26T04:33:00Z");
  s.done = 12813, s.batched = 0, s.waiting = 0, s.live = 270;
  s.promoted = 402;
  s.batches = {};
  s.takeover = utc("2026-11-26T04:21:00Z");
  s.finish = utc("2026-11-26T04:36:00Z");
  s.held = "openai takes no new work, credit is used up\x1b[2J";
  const auto rows = block(s, zone);
  EXPECT_EQ(rows[2], "[" + std::string(69, '#') + "+]");
  EXPECT_EQ(rows[3], "  done          12,813   402 of them promoted");
  EXPECT_EQ(rows[9], "finish   about 05:36, 24 min early");
  EXPECT_EQ(rows[10], "rescue   running since 05:21");
  EXPECT_EQ(rows[11], "held     openai takes no new work, credit is used up\\x1b[2J");
}

TEST(Progress, ABatchThatIsOutForLongShowsTheProvidersOwnCount) {
  Snapshot s = packing();
  s.now = utc("2026-11-26T00:52:50Z");
  s.done = 10001, s.batched = 3082, s.waiting = 0;
  s.batches = {{2, "openai", 3082, Snapshot::Batch::Stage::out, utc("2026-11-25T20:16:44Z"), 1204},
               {1, "openai", 10000, Snapshot::Batch::Stage::back, utc("2026-11-25T21:41:09Z"), -1}};
  const auto rows = block(s, zone);
  EXPECT_EQ(rows[3], "  done          10,001   batch 1 came back 22:41");
  EXPECT_EQ(rows[4], "  in batches     3,082   batch 2, 4 h 36 min old; openai's own count: 1,204");
}

TEST(Progress, UnknownIsAWordAndBestEffortHasNoRescue) {
  Snapshot s = packing();
  s.done = 0, s.waiting = 3083;
  s.list_most = {};
  s.finish = {};
  s.kept = false;
  s.cap = std::nullopt;
  s.next.clear();
  const auto rows = block(s, zone);
  EXPECT_EQ(rows[1], "due Thu 06:00, in 8 h 43 min, best effort                                 no cap");
  EXPECT_EQ(rows[8], "money    0.00 booked, 4.93 reserved; list price unknown");
  EXPECT_EQ(rows[9], "finish   unknown");
  EXPECT_EQ(rows[10], "rescue   none: best effort never pays more than batch price");
  EXPECT_EQ(rows[11], "next     nothing to do");
}

TEST(Progress, EveryRowFitsAndTheirNumberNeverChanges) {
  for (const size_t columns : {20u, 40u, 80u, 200u}) {
    for (const int64_t done : {int64_t{0}, int64_t{1}, int64_t{6000}, int64_t{13083}}) {
      Snapshot s = packing();
      s.input.assign(300, 'n');
      s.done = done;
      s.batched = 13083 - done;
      s.waiting = 0;
      const auto rows = block(s, zone, columns);
      EXPECT_EQ(rows.size(), 12u);
      for (const auto& row : rows) EXPECT_LE(columns_of(row), columns) << row;
    }
  }
}

TEST(Progress, TheBarShowsWhateverThereIsAndIsFullOnlyWhenItIs) {
  for (const int64_t n : {1, 2, 69, 70, 71, 13083, 10'000'000}) {
    Snapshot s;
    s.requests = n + 3;
    s.done = n;
    s.failed = 1, s.live = 1, s.waiting = 1;
    const std::string text = bar(s);
    EXPECT_EQ(text.size(), 72u);
    for (const char mark : {'#', '!', '+', '-'}) EXPECT_NE(text.find(mark), std::string::npos) << n;
  }
  Snapshot all;
  all.requests = all.done = 7;
  EXPECT_EQ(bar(all), '[' + std::string(70, '#') + ']');
}

TEST(Progress, PlainLinesAreWholeAndSilentWhileNothingChanges) {
  PlainLines plain(zone);
  Snapshot s = packing();
  EXPECT_EQ(joined(plain.begin(s)),
            "2026-11-25 +01:00 job 7f3c91 tickets.jsonl 13,083 requests, due Thu 06:00\n");
  EXPECT_EQ(joined(plain.change(utc("2026-11-25T20:16:44Z"), "batch 2 sent: openai, 3,082 requests, batch_1\n")),
            "21:16:44 batch 2 sent: openai, 3,082 requests, batch_1\\n\n");
  s.now = utc("2026-11-25T20:46:43Z");
  EXPECT_EQ(joined(plain.tick(s)), "");
  s.now = utc("2026-11-25T20:46:44Z");
  s.batched = 13082, s.waiting = 0;
  EXPECT_EQ(joined(plain.tick(s)), "21:46:44 waiting: done 1, in batches 13,082, failed 0, 0.00 USD\n");
  EXPECT_EQ(joined(plain.tick(s)), "");
  EXPECT_EQ(joined(plain.change(utc("2026-11-26T04:21:00Z"), "promoting")),
            "2026-11-26 +01:00\n05:21:00 promoting\n");
}

}  // namespace
}  // namespace twolane::app
