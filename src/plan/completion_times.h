// How long a lane's batches take, learned from few and biased observations.
//
// A Kaplan-Meier estimate over 256 logarithmic bins from 3 s to 26 h. Batches that were cancelled, that
// expired or that still run are right-censored at their age: they show only that it takes longer.
// Batches of one day share their fate, so the sample counts days: each of n batches of a day weighs
// 1 / (1 + (n - 1) rho), rho = 0.7. What is known fades with a half-life of 60 days of the calendar, and two
// successive days beyond the 5 % or the 95 % point cut it to 0.15: the lane has changed. A prior (its
// parent's curve, or median 10 min, p90 60 min, 3 % never) stands in with the weight of 3 days.
// Figures: ../shared/reference/scheduling.md, section 3.
//
// Pure; a value. Bounds err on the side of lateness.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace twolane::plan {

class CompletionTimes {
 public:
  static constexpr int bins = 256;
  using Curve = std::array<double, bins>;  // share still running at the end of each bin

  CompletionTimes() : prior_(published()) {}

  // What providers and their users publish: median 10 min, 90 % within 60 min, 3 % never.
  static const Curve& published();

  // A batch sent on day `day` (days since 1970) that ended by itself after `took`.
  void ended(int64_t day, Duration took) { observe(day, took, true); }
  // A batch of which it is known only that it had not ended at `age`.
  void not_ended(int64_t day, Duration age) { observe(day, age, false); }
  // Forgets the prior that it began with and takes this one.
  void set_prior(const Curve& prior);

  // Share of batches that take longer than `t`: the best guess.
  double beyond(Duration t) const;
  // Upper bound of the probability that a batch of age `age` has not ended `within` from now (Wilson, z = 0.5).
  double late(Duration age, Duration within) const;
  // A time within which `share` of the batches end, as an upper bound (z = 1.645); 26 h where that is unknown.
  Duration upper(double share) const;
  // The time within which `share` end, best guess; 26 h where fewer ever do.
  Duration quantile(double share) const;

  double days() const;            // evidence, in days, the prior not counted
  int64_t batches() const { return batches_; }
  int64_t last_day() const { return today_; }
  const Curve& curve() const;

  // For the store: one line of text. Error plan.evidence where it is not one of these.
  std::string saved() const;
  static Result<CompletionTimes> restored(std::string_view text);

 private:
  struct Seen {
    int bin;
    bool ended;
  };
  void observe(int64_t day, Duration age, bool ended);
  void close_day(int64_t next);
  void look_for_change();
  void keep(double share);  // of the weight of closed days
  void refresh() const;
  double at_risk(int bin) const;

  Curve prior_;
  bool own_prior_ = false;  // not the published one
  std::array<double, bins> ended_{}, censored_{};  // closed days, faded and weighted
  std::vector<Seen> seen_;                          // of today
  int64_t today_ = 0;
  int64_t batches_ = 0;
  int strange_ = 0;  // successive days beyond the 95 % point (positive) or the 5 % point (negative)

  mutable bool stale_ = true;
  mutable Curve curve_{};
  mutable std::array<double, bins> risk_{};  // weight of what was still running at the beginning of each bin
};

}  // namespace twolane::plan
