#include "patient/job_input.h"

#include <algorithm>

namespace twolane::patient {
namespace {
constexpr int64_t window_bytes = 1 << 20;
}

Result<JobInput> JobInput::open(const Job& job, store::Payloads& payloads) {
  JobInput input;
  input.options_ = TRY(input_options_from_json(job.options));
  input.source_ = TRY(payloads.source(job.input));
  return input;
}

Result<std::string_view> JobInput::line(int64_t offset, int64_t length) {
  const bool inside = offset >= window_at_ &&
                      offset + length <= window_at_ + static_cast<int64_t>(window_.size());
  if (!inside) {
    window_.resize(static_cast<size_t>(std::max(window_bytes, length)));
    const size_t got = TRY(source_->read(offset, window_.data(), window_.size()));
    window_.resize(got);
    window_at_ = offset;
    if (static_cast<int64_t>(got) < length)
      return fail("store.io", "a job's input is shorter than its index says");
  }
  return std::string_view(window_).substr(static_cast<size_t>(offset - window_at_),
                                          static_cast<size_t>(length));
}

Result<std::string> JobInput::body(int64_t offset, int64_t length, int64_t index, Endpoint endpoint,
                                   std::string_view model) {
  const std::string_view text = TRY(line(offset, length));
  const RequestText request = TRY(request_text(options_, text, index));
  return body_for(options_, request, endpoint, model);
}

}  // namespace twolane::patient
