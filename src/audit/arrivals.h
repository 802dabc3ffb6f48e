// How many calls and tokens came when: by the minute where that fits, by spans of two, four, ... minutes where
// it does not.
//
// Plain value of bounded size. Calls may come in any order: the same calls give the same series.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace twolane::audit {

class Arrivals {
 public:
  static constexpr size_t usual_most = 4096;  // spans; 64 KB, twice that while spans come out of order

  struct Span {
    int32_t at = 0;      // in widths since 1970
    uint32_t calls = 0;
    int64_t tokens = 0;
  };

  explicit Arrivals(size_t most = usual_most) : most_(most) {}
  void add(int64_t minute, uint32_t calls, int64_t tokens);
  void merge(const Arrivals& other);
  // From now on no more spans than that; never raised again.
  void limit(size_t most);

  // Ordered by time, each once.
  std::vector<Span> spans() const;
  // What width() and spans() gave.
  static Arrivals of(int64_t width, std::vector<Span> spans);
  int64_t width() const { return width_; }  // minutes; settled by tidy()
  bool empty() const { return spans_.empty(); }
  // Calls of the busiest minute; of a longer span its mean, rounded up.
  int64_t busiest_minute() const;
  // Puts together what is kept twice, and widens the spans where they are too many.
  void tidy();

 private:
  void widen();

  size_t most_;
  int64_t width_ = 1;  // minutes
  bool ordered_ = true;
  std::vector<Span> spans_;
};

}  // namespace twolane::audit
