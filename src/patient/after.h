// What a line says that it comes after, and where those answers go in its body.
//
// A line may have, beside its custom_id, "after": "ID" or ["ID", ...], which name requests on earlier
// lines. Within the strings of its body {{answer:ID}}, or {{answer}} where there is one ID, stand for
// the text of that answer. A line without the member is never touched. Pure; errors are input.after,
// with where.field.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "patient/batch_line.h"

namespace twolane::patient {

// The ids in the order in which the line has them; none where the member is absent, null or [].
Result<std::vector<std::string>> ids_after(const BatchLine::Member& after);

// A place in a body, and which of the ids it stands for.
struct AnswerPlace {
  size_t at = 0, length = 0;
  size_t which = 0;
};
// In order. Refuses places that stand for none of the ids, or for more than one.
Result<std::vector<AnswerPlace>> answer_places(std::string_view body, std::span<const std::string> ids);

// The body with the texts, by number of the id, at their places. Adds to `inserted` how many bytes of
// text that were.
std::string with_answers(std::string_view body, std::span<const AnswerPlace> places,
                         std::span<const std::string> texts, int64_t& inserted);

}  // namespace twolane::patient
