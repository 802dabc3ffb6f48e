// The policies that need no planner, each a function of one job and the weather.
//
// They are measured beside the planner on the same days: the best (the oracle knows every batch's end) and
// the usual (everything live; everything in batches; batches only when a day is left; a fixed buffer).
#pragma once

#include "trial/tally.h"
#include "trial/weather.h"

namespace twolane::trial {

Tally all_sync(const Weather& weather, const Task& task);
// Batches of 50,000, sent again when they expire, whenever they end.
Tally batch_and_hope(const Weather& weather, const Task& task);
// Batches where the deadline is more than a day away, live at 5 minutes before the deadline; else all live.
Tally rule_24h(const Weather& weather, const Task& task);
// Batches of 50,000; clamp(15 % of the time, 1 min, 10 min) before the deadline all are cancelled and what is
// open goes live, what the cancelled batches finished taken out as they return.
Tally watchdog(const Weather& weather, const Task& task);
// Knows everything: batches of 10,000 (four of a smaller job), none of them dead by its own fault; what cannot
// end in time is cancelled as late as the drain allows.
Tally oracle(const Weather& weather, const Task& task);

}  // namespace twolane::trial
