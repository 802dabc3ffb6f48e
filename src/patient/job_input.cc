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
  auto body = body_for(options_, request, endpoint, model);
  if (!body || !marks_.any()) return body;
  const PromptText prompt = TRY(prompt_text(request.endpoint, request.body));
  if (prompt.marked) return body;
  const CacheMark* mark = marks_.find(model, prompt.head_hash());
  return mark ? with_mark(std::move(*body), endpoint, *mark) : body;
}

Status JobInput::put_heads_together(std::vector<RequestRow>& rows) {
  if (!marks_.any()) return {};
  std::vector<std::pair<uint64_t, RequestRow>> by_head;
  by_head.reserve(rows.size());
  for (const RequestRow& row : rows) {
    const std::string_view text = TRY(line(row.offset, row.length));
    const auto request = request_text(options_, text, row.index);
    const auto prompt = request ? prompt_text(request->endpoint, request->body)
                                : Result<PromptText>(fail(request.error()));
    by_head.emplace_back(prompt ? prompt->head_hash() : 0, row);
  }
  std::stable_sort(by_head.begin(), by_head.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (size_t i = 0; i < rows.size(); ++i) rows[i] = by_head[i].second;
  return {};
}

}  // namespace twolane::patient
