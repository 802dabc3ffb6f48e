// The operating system's time of day, for what no World keeps the time of: when a key was made, what
// it may spend today. It may be set, and jump.
#pragma once

#include <chrono>

#include "base/time.h"

namespace twolane::net {

inline Time wall_time() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::milliseconds>(now).count()};
}

}  // namespace twolane::net
