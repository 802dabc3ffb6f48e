// How fast a provider's live lane can be drained: what is allowed, what was measured, what to count on.
//
// Allowed is the least of the provider's limits (requests, input and output tokens a minute, calls at a
// time over their latency), less the share that is kept for interactive traffic. Counted on is less:
//   measured pace   the 10 % quantile of what drains really reached, 0.85 of the allowed rate before any did;
//                   changes of less than 5 % are not followed, since everything booked is booked anew with each
//   stressed pace   0.45 of the allowed rate: live lanes are slow on the days on which batches are
// Pure; a value.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace twolane::plan {

// Limits as a provider states them in its headers; 0: not known, not limiting.
struct LiveLimits {
  double requests_per_minute = 0;
  double input_tokens_per_minute = 0;
  double output_tokens_per_minute = 0;
  double in_flight = 0;
  bool operator==(const LiveLimits&) const = default;
};

// A typical request of a lane.
struct RequestSize {
  double input_tokens = 0;
  double output_tokens = 0;
  Duration latency;
};

enum class Pace : uint8_t { measured, stressed };

class LiveRate {
 public:
  static constexpr double unknown_per_minute = 60;  // where nothing is known

  void allow(const LiveLimits& limits) { limits_ = limits; }
  // Share of everything, 0..1, that interactive traffic keeps.
  void reserve(double share) { reserved_ = share; }
  // Share of the rate on which work that is not known yet may lay claim, 0..1.
  void headroom(double share) { headroom_ = share; }
  // What a drain of at least a minute reached.
  void measured(double per_minute);

  // What is counted on and what was measured, for the store: " 0.9 0.93 0.91", and back. Error plan.evidence.
  std::string saved() const;
  Status restore(std::string_view text);

  double allowed_per_minute(const RequestSize& size = {}) const;
  double per_minute(Pace pace, const RequestSize& size = {}) const;
  // Drain time of one request, in the unit of the deadline tree.
  int64_t need_us(Pace pace, const RequestSize& size = {}) const;

 private:
  static constexpr int remembered = 32;
  LiveLimits limits_;
  double reserved_ = 0, headroom_ = 0;
  double counted_ = 0.85;                        // share of the allowed rate, at the measured pace
  std::array<double, remembered> reached_{};  // shares of the allowed rate
  int count_ = 0;
};

}  // namespace twolane::plan
