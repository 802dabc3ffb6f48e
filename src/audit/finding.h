// Whether somebody waits for a caller's answers: a verdict with its evidence, weight by weight.
//
// Pure. Evidence is weighed in decibans (ten times the decimal logarithm of the odds): +10 means that what
// was seen is ten times likelier where nobody waits. The weights are judgement, written in one table
// (evidence.cc) and held to a labelled month by the tests; the sum gives the confidence,
// 1 / (1 + 10^(-sum/10)), and never leaves 0.001 to 0.999. How long an answer may take follows from what
// the caller has lived with, and the verdict from price::verdict's table of decision rules.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "audit/profile.h"
#include "base/time.h"
#include "price/verdict.h"

namespace twolane::audit {

struct Settings;

enum class Verdict : uint8_t { interactive, can_wait_minutes, can_wait_hours, already_batched, cannot_tell };
inline constexpr int verdict_count = 5;
std::string_view name_of(Verdict v);   // "can_wait_hours"
std::string_view words_of(Verdict v);  // "can wait hours"

constexpr bool can_wait(Verdict v) { return v == Verdict::can_wait_minutes || v == Verdict::can_wait_hours; }

// One thing that was seen.
struct Evidence {
  std::string_view rule;  // stable: "streaming", "schedule", ...
  int decibans = 0;       // above 0: nobody waits
  std::string words;      // "starts at 02:10 on 29 of 30 days"
};

// A caller's regular hours, if it has any.
struct Schedule {
  enum class Every : uint8_t { none, hour, day, week } every = Every::none;
  Duration period;       // of Every::hour: 15 minutes, 30 minutes or an hour
  int minute = 0;        // local minute of the day (day), of the period (hour), of the week from Sunday (week)
  int64_t runs = 0;      // that keep to it
};

struct Finding {
  Verdict verdict = Verdict::cannot_tell;
  int decibans = 0;
  int64_t confidence = 500;        // in the verdict shown, in thousandths
  int64_t nobody_waits = 500;      // in thousandths
  Duration tolerates;              // how long an answer may take; 0: not known
  std::string tolerates_because;
  bool chained = false;            // a call's answer feeds the next: each step would wait
  Schedule schedule;
  std::vector<Evidence> evidence;  // strongest first
  std::vector<std::string> to_log; // of cannot_tell: what would tell
  bool overruled = false;          // by a person
  std::string overrule_note;
};

// At and above: can wait. At and below: interactive.
inline constexpr int enough_to_wait = 13;     // 95 %
inline constexpr int enough_to_stay = -6;     // 20 %

Finding judge(const Profile& caller, const Settings& settings);

// Parts of it, for tests.
Schedule schedule_of(const Profile& caller, int zone_minutes);
// The run that the middle call lies in, when all are ordered by their length.
Run usual_run(const Profile& caller);
int64_t confidence_of(int decibans);  // in thousandths

}  // namespace twolane::audit
