#include "patient/job_input.h"

#include <algorithm>
#include <tuple>

#include "dialect/cached_content.h"
#include "patient/after.h"

namespace twolane::patient {
namespace {
constexpr int64_t window_bytes = 1 << 20;

// The hash speaks of texts only: a body whose head is not the very same stays as it is.
Result<std::string> naming_kept(std::string body, const KeptHead& kept) {
  const auto split = TRY(dialect::split_head(body));
  if (!split || split->head != kept.head) return body;
  return dialect::naming_content(split->rest, kept.name);
}
}  // namespace

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
                                   std::string_view model, const KeptHead* kept,
                                   const AnswerSource* answers) {
  last_mark_ = nullptr;
  inserted_ = 0;
  const std::string_view text = TRY(line(offset, length));
  RequestText request = TRY(request_text(options_, text, index));
  std::string whole;
  if (answers) {
    whole = TRY(with_answers_in(request, *answers));
    request.body = whole;
  }
  auto body = body_for(options_, request, endpoint, model);
  if (!body || !marks_.any()) return body;
  const PromptText prompt = TRY(prompt_text(request.endpoint, request.body));
  if (prompt.marked) return body;
  last_mark_ = marks_.find(model, prompt);
  if (!last_mark_) return body;
  if (kept && kept->hash == last_mark_->head) return naming_kept(std::move(*body), *kept);
  return with_mark(std::move(*body), endpoint, *last_mark_);
}

Result<std::string> JobInput::with_answers_in(const RequestText& request,
                                              const AnswerSource& answers) {
  const auto places = TRY(answer_places(request.body, request.after));
  std::vector<std::string> texts(request.after.size());
  for (const AnswerPlace& place : places)
    if (texts[place.which].empty()) texts[place.which] = TRY(answers(place.which));
  return with_answers(request.body, places, texts, inserted_);
}

Result<std::string> JobInput::custom_id(int64_t offset, int64_t length, int64_t index) {
  const std::string_view text = TRY(line(offset, length));
  const RequestText request = TRY(request_text(options_, text, index));
  return has_own_id(options_, request, index) ? std::string(request.custom_id) : std::string();
}

Status JobInput::put_heads_together(std::vector<RequestRow>& rows) {
  if (!marks_.any()) return {};
  std::vector<std::tuple<uint64_t, uint64_t, RequestRow>> by_head;
  by_head.reserve(rows.size());
  for (const RequestRow& row : rows) {
    const std::string_view text = TRY(line(row.offset, row.length));
    const auto request = request_text(options_, text, row.index);
    const auto prompt = request ? prompt_text(request->endpoint, request->body)
                                : Result<PromptText>(fail(request.error()));
    by_head.emplace_back(prompt ? prompt->head_hash() : 0, prompt ? prompt->blocks_hash() : 0, row);
  }
  std::stable_sort(by_head.begin(), by_head.end(), [](const auto& a, const auto& b) {
    return std::tie(std::get<0>(a), std::get<1>(a)) < std::tie(std::get<0>(b), std::get<1>(b));
  });
  for (size_t i = 0; i < rows.size(); ++i) rows[i] = std::get<2>(by_head[i]);
  return {};
}

}  // namespace twolane::patient
