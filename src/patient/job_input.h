// A job's input at hand: its options and bytes, and any of its requests as a provider's body.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/job.h"
#include "patient/cache_marks.h"
#include "patient/request_text.h"
#include "store/payloads.h"

namespace twolane::patient {

// A head that a provider keeps: requests of the job that have it name it instead.
struct KeptHead {
  JobId job;
  uint64_t hash = 0;  // PromptText::head_hash
  std::string head;   // dialect::SplitHead
  std::string name;   // at the provider
};

// The text of one of the answers that a request comes after, by its number among them.
using AnswerSource = std::function<Result<std::string>(size_t)>;

// Reads forward in large blocks, so that packing in input order costs no call per request.
class JobInput {
 public:
  JobInput() = default;
  static Result<JobInput> open(const Job& job, store::Payloads& payloads);

  // The body of the request at `offset` in the words of `endpoint` for `model`, with its mark, or
  // naming `kept` where that is its head. With `answers` they are put in where the line says so.
  Result<std::string> body(int64_t offset, int64_t length, int64_t index, Endpoint endpoint,
                           std::string_view model, const KeptHead* kept = nullptr,
                           const AnswerSource* answers = nullptr);
  // Bytes of answers in the last body().
  int64_t inserted() const { return inserted_; }
  // The mark under which the last body() stands, null where there is none. Valid until set_marks.
  const CacheMark* last_mark() const { return last_mark_; }
  // The request's name as its user gave it; empty for a row that has none of its own.
  Result<std::string> custom_id(int64_t offset, int64_t length, int64_t index);
  const InputOptions& options() const { return options_; }

  // From now on bodies get these marks.
  void set_marks(CacheMarks marks) {
    marks_ = std::move(marks);
    last_mark_ = nullptr;
  }
  // Requests that share a marked head lie side by side; otherwise the order stays. Nothing is done
  // where no marks are set.
  Status put_heads_together(std::vector<RequestRow>& rows);

 private:
  Result<std::string_view> line(int64_t offset, int64_t length);
  Result<std::string> with_answers_in(const RequestText& request, const AnswerSource& answers);

  InputOptions options_;
  CacheMarks marks_;
  const CacheMark* last_mark_ = nullptr;
  int64_t inserted_ = 0;
  std::shared_ptr<const wire::ByteSource> source_;
  std::string window_;
  int64_t window_at_ = 0;
};

}  // namespace twolane::patient
