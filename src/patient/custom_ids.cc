#include "patient/custom_ids.h"

namespace twolane::patient {

constexpr int64_t rows_of_a_page = 4096;

Result<std::string> CustomIds::of(const Job& job, int64_t index) {
  if (job_ != job.id) {
    input_ = TRY(JobInput::open(job, payloads_));
    job_ = job.id;
    page_.clear();
  }
  if (page_.empty() || index < page_.front().index || index > page_.back().index)
    page_ = TRY(store_.outcomes(job.id, index - index % rows_of_a_page, rows_of_a_page));
  if (page_.empty() || index < page_.front().index || index > page_.back().index) return std::string();
  const store::OutcomeRow& row = page_[static_cast<size_t>(index - page_.front().index)];
  if (row.length == 0) return std::string();
  auto id = input_.custom_id(row.offset, row.length, index);
  return id ? *id : std::string();
}

}  // namespace twolane::patient
