// What the program asks of its allocator, where that is mimalloc (cmake: not with sanitizers, not in
// tests); elsewhere these do nothing.
#pragma once

namespace twolane::app {

// Pages that became empty go back to the system after a millisecond instead of 25: what a burst of calls
// leaves would otherwise stay until the next one. For `serve`, which allocates little and often.
void give_back_soon();
// Those of the calling thread go back now.
void give_back_now();

}  // namespace twolane::app
