// What holds a job, as it is stored with it, and other small facts the engine keeps about jobs.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "dialect/batch_api.h"
#include "model/job.h"

namespace twolane::patient {

std::string trouble_to_json(const Error& error);
std::optional<Error> trouble_from_json(std::string_view text);  // nothing for empty or unreadable text

// Under which name the store remembers that a shape moved on to another of its targets.
std::string target_fact(JobId job, int32_t shape);

// Under which name the store remembers what a followed clock showed last, for those who read beside.
std::string clock_fact(std::string_view world);

// The tier on which one request of a shape is tried first: standard for a job whose deadline is kept;
// flex for best effort, which never pays more than the batch price. Nothing where that is not sold.
std::optional<ServiceTier> probe_tier(const Job& job, const Target& target);

// Why a job waits, from a provider's refusal: money.no_credit, provider.account.
Error trouble_of(std::string_view provider, const dialect::Refusal& refusal);

// A job needs a provider that has no key here.
Error no_key(std::string_view provider);

}  // namespace twolane::patient
