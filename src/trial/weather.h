// The lanes as they are on a day: how long batches take, what the live lane and flex give.
//
// The distributions of ../shared/reference/scheduling.md, section 4; where it leaves a figure open, the one
// that reproduces grid_summary.csv (each is marked). Times in minutes from the beginning of the run.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "trial/counter_random.h"

namespace twolane::trial {

enum class Kind : uint8_t { calm, busy, outage, regime, field };
inline constexpr std::array kinds{Kind::calm, Kind::busy, Kind::outage, Kind::regime, Kind::field};
std::string_view name_of(Kind kind);
std::optional<Kind> kind_of(std::string_view name);

inline constexpr double day_minutes = 24 * 60;
inline constexpr double live_per_minute = 1000;    // nominal
inline constexpr double live_latency = 0.25;       // fitted: all-sync, 100,000 in 30 min
inline constexpr double batch_items_per_minute = 10'000;
inline constexpr double window_minutes = day_minutes;  // a batch expires

// What a trial changes about the world.
struct Twist {
  double bad_day_live = 1;        // live rate on days on which batches are slow
  double frozen_from = 0, frozen_until = 0;  // no batch ends within; from midnight of every day
  int shift_on = 0;               // from this day on it is `shift_to`
  Kind shift_to = Kind::busy;
  double live_nominal = live_per_minute;  // another live lane than the study's
};

class Weather {
 public:
  Weather(Kind kind, uint64_t seed, int days, Twist twist = {});

  // How long a batch of so many requests takes that is sent at `at` as the `ordinal`-th of its job;
  // infinite for one that never ends.
  double batch_takes(double at, uint64_t job, uint64_t ordinal, double requests) const;
  // From asking for a cancel to its effect.
  double cancel_lag(uint64_t job, uint64_t ordinal) const;
  double live_nominal() const { return twist_.live_nominal; }
  // Requests a minute that the live lane really gives.
  double live_rate(double at) const;
  // When `minutes` of live service that begin at `at` are over, blackouts left out.
  double live_end(double at, double minutes) const;
  // Live service between two times, minutes.
  double live_between(double from, double to) const;
  // Share of flex calls that are shed.
  double flex_shed(double at) const;

  Kind kind_on(int day) const { return twist_.shift_on > 0 && day >= twist_.shift_on ? twist_.shift_to : kind_; }

 private:
  Draw draw(int day, uint64_t ordinal = 0) const {
    return {seed_, static_cast<uint64_t>(kind_), static_cast<uint64_t>(day), ordinal};
  }
  int state_of(int day) const;  // which of its regimes a day has
  bool bad_day(int day) const;

  Kind kind_;
  uint64_t seed_;
  Twist twist_;
  std::vector<uint8_t> states_;
  std::vector<std::pair<double, double>> blackouts_;
};

// Share of a batch that is done at an age: requests finish evenly in the second half of its time.
double done_share(double age, double takes);

}  // namespace twolane::trial
