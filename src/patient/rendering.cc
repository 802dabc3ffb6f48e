// The body of a request as its provider is sent it, with the answers of those that it comes after.
#include "dialect/translate.h"
#include "patient/core.h"

namespace twolane::patient {
namespace {

constexpr int64_t page = 1024;  // requests whose needs are read at once

std::unexpected<Error> no_answer(std::string_view code, std::string_view what) {
  Error e;
  e.code = code;
  e.message = "an answer that belongs into its body " + std::string(what);
  return fail(std::move(e));
}

}  // namespace

// Pages in the order of the input, so that a batch costs no query for each of its requests. What was read before
// the answers came is read again.
Result<std::span<const store::NeededAnswer>> Engine::Core::needs_of(JobAtWork& job, int64_t index) {
  const auto its = [&] {
    const auto [first, last] = std::ranges::equal_range(job.needs, index, {}, [](const auto& n) { return n.need.index; });
    return std::span<const store::NeededAnswer>(first, last);
  };
  const auto complete = [&] {
    return std::ranges::all_of(its(), [](const auto& n) { return n.state == RequestState::succeeded; });
  };
  if (index < job.needs_from || index >= job.needs_from + page || !complete()) {
    job.needs = TRY(store.needs(job.job.id, index, index + page - 1));
    job.needs_from = index;
  }
  return its();
}

Result<Rendered> Engine::Core::render(JobAtWork& job, const RequestRow& row, Endpoint endpoint, std::string_view model,
                                      const KeptHead* kept) {
  std::span<const store::NeededAnswer> needs;
  if (job.chained()) needs = TRY(needs_of(job, row.index));
  if (needs.empty()) {
    std::string body = TRY(job.input.body(row.offset, row.length, row.index, endpoint, model, kept));
    return Rendered{std::move(body), row.input_bound};
  }
  const AnswerSource answers = [&](size_t which) -> Result<std::string> {
    if (which >= needs.size() || needs[which].result.length == 0)
      return no_answer("request.answer_gone", "is no longer kept");
    std::string body;
    CHECKED(results.read(needs[which].result, body));
    std::string text = dialect::answer_text(needs[which].endpoint, body);
    if (text.empty()) return no_answer("request.answer_without_text", "has no text");
    return text;
  };
  std::string body = TRY(job.input.body(row.offset, row.length, row.index, endpoint, model, kept, &answers));
  return Rendered{std::move(body), row.input_bound + job.input.inserted()};
}

}  // namespace twolane::patient
