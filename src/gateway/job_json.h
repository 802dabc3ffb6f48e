// Jobs as /twolane/v1/jobs tells of them, and read back by those who ask.
//
// Pure. Reading gives what was written, but for what never leaves the server: the world (it names base
// URLs), options and bytes of the input. Times are RFC 3339, amounts exact decimal strings.
#pragma once

#include <optional>
#include <vector>

#include "base/result.h"
#include "model/job.h"
#include "patient/causes.h"
#include "patient/standing.h"
#include "wire/http.h"
#include "wire/json.h"

namespace twolane::gateway {

// A job at a moment of its world's clock, with what is told of a single one only.
struct JobView {
  Job job;
  Time now;
  std::vector<Batch> batches;
  std::vector<patient::Cause> causes;
  std::optional<plan::Verdict> promise;  // what was said of its deadline when it was given
  std::optional<patient::Miss> miss;     // of the deadline, if one is foreseen
  Time takeover;                         // when what is unfinished must go live; 0: never
  int64_t cut = 0;                       // requests that were cancelled one by one, in whatever state
};

wire::Json job_to_json(const Job& job, Time now);
wire::Json summary_to_json(const JobView& view);  // with what is promised and foreseen, as a list has it
wire::Json view_to_json(const JobView& view);     // and with its batches and failures
// Error server.answer: it is not what these write.
Result<JobView> view_from_json(const wire::Json& json);

// {"error":{...}} with a type as OpenAI's envelope has it, and with why and next.
wire::HttpReply job_refusal(int status, const Error& error);
// Nothing where a body is something else.
std::optional<Error> error_from_json(const wire::Json& json);

}  // namespace twolane::gateway
