// How a job ended, as text for people, as one JSON object for machines, and as an exit code.
//
// Pure: an Ending holds everything that is said. Amounts in the JSON are exact; those in the text are
// rounded so that the printed parts add up to the printed total.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/when.h"
#include "base/result.h"
#include "model/job.h"
#include "patient/causes.h"
#include "patient/standing.h"
#include "plan/planner.h"
#include "wire/json.h"

namespace twolane::app {

using patient::Cause;

// A provider batch that still runs when its process leaves.
struct StillRunning {
  int number = 0;
  std::string provider;
  int64_t requests = 0;
};

struct Ending {
  Job job;
  std::string input, output;       // as the user wrote them; `output` is empty if none was written
  Time now;
  double elapsed_s = 0;            // real
  std::optional<Error> error;      // what stopped the job; none for an ordinary end
  bool interrupted = false;
  bool sampled = false;            // --sample ended here: the rest stays open on purpose
  std::vector<Cause> causes;       // of failed and expired requests, most frequent first
  std::vector<StillRunning> running;
  plan::Verdict promise;           // what could be said when it was accepted
  std::optional<patient::Miss> miss;  // of the deadline, as it was foreseen
  Time takeover;                   // when the rest would have moved to the live lane; 0: never
  PicoUsd enough_cap;              // a cap under which every open request fits at full length; 0: unknown
  PicoUsd next_request;            // the most that the next request could cost; 0: unknown
};

// The first that applies of 130, 2, 4, 3, 1, 0.
int exit_code(const Ending& ending);

// False once an answer came after the deadline, a request expired, or requests are open past it.
bool on_time(const Ending& ending);

// A line where there is something to say beforehand; empty for what is simply accepted.
std::string promise_text(const plan::Verdict& promise, Time now, const Zone& zone);
// What a cap risks that does not cover the live lane; empty where it covers every request there. Bounds: of all
// requests, in batches and live.
std::string cap_risk_text(PicoUsd cap, PicoUsd in_batches, PicoUsd live);

std::string ending_text(const Ending& ending, const Zone& zone);
wire::Json ending_json(const Ending& ending);

// The members of ending_json that describe a job at any time: counts, money, lanes.
wire::Json job_json(const Job& job, Time now);

// The first six digits of a job's name.
std::string short_name(JobId id);

}  // namespace twolane::app
