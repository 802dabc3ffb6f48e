// Faults of the same cause are counted, not listed.
#include "patient/input_faults.h"

namespace twolane::patient {
namespace {

// Places in arrays do not make another cause: messages[3].role is messages[0].role.
std::string without_indexes(std::string_view field) {
  std::string out;
  bool inside = false;
  for (const char c : field) {
    if (c == ']') inside = false;
    if (!inside) out += c;
    if (c == '[') inside = true;
  }
  return out;
}

std::string cause_of(const Error& e) {
  std::string cause = e.code + '\n' + without_indexes(e.where.field);
  if (e.code == "input.model" || e.code == "provider.no_endpoint") cause += '\n' + e.message;
  return cause;
}

void add_note(std::string& note, std::string_view more) {
  if (!note.empty()) note += ' ';
  note += more;
}

}  // namespace

std::string grouped(int64_t n) {
  std::string digits = std::to_string(n);
  for (auto at = static_cast<int64_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<size_t>(at), ",");
  return digits;
}

void InputFaults::add(Error error) {
  ++lines_;
  const std::string cause = cause_of(error);
  if (!first_) {
    first_ = std::move(error);
    first_cause_ = cause;
  }
  if (cause == first_cause_) ++same_;
}

Error InputFaults::report(int64_t records) const {
  Error e = *first_;
  e.count = same_;
  if (same_ > 1) e.where.custom_id.clear();  // the fault is not that request's alone
  if (same_ > 1 && same_ == records) {
    add_note(e.where.note, "(all " + grouped(same_) + " lines)");
  } else if (same_ > 1) {
    add_note(e.where.note, "(" + grouped(same_) + " lines in all)");
  }
  if (lines_ > same_)
    add_note(e.where.note,
             "(and " + grouped(lines_ - same_) +
                 (lines_ - same_ == 1 ? " line with another fault)" : " lines with other faults)"));
  return e;
}

}  // namespace twolane::patient
