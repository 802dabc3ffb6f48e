// How functions fail: Result<T> holds a value or an Error that says what is wrong, where, why,
// and what to do next.
//
// Pure rooms never throw. IO rooms translate exceptions of libraries into Errors at their edge.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace twolane {

// The place an error speaks of. Empty strings and zeros mean "not known".
struct Where {
  std::string file;
  int64_t line = 0;    // 1-based
  int64_t column = 0;  // 1-based, in bytes
  std::string field;   // "body.stream"
  std::string custom_id;
  std::string provider;
  std::string note;  // free text shown after the place ("(all 13,083 lines)")

  bool operator==(const Where&) const = default;
};

// `code` is stable and dotted ("input.json", "money.no_credit"); `message` and `why` are prose that
// states; only `next` advises, one command or action each.
struct Error {
  std::string code;
  std::string message;
  std::string why;
  Where where;
  std::vector<std::string> next;
  bool retryable = false;
  int64_t count = 1;    // how many places have the same fault
  std::string excerpt;  // the faulty text, already cut short; `excerpt_caret` points into it
  int64_t excerpt_caret = -1;

  bool operator==(const Error&) const = default;
};

template <class T>
class [[nodiscard]] Result : public std::expected<T, Error> {
 public:
  using std::expected<T, Error>::expected;
};

using Status = Result<void>;

// An Error of few words, for places that add the rest later.
inline std::unexpected<Error> fail(std::string code, std::string message, std::string why = {}) {
  Error e;
  e.code = std::move(code);
  e.message = std::move(message);
  e.why = std::move(why);
  return std::unexpected<Error>(std::move(e));
}

inline std::unexpected<Error> fail(Error e) { return std::unexpected<Error>(std::move(e)); }

}  // namespace twolane

// TRY(expr): the value of a Result, or return its error from the enclosing function.
#define TRY(expr)                                                     \
  __extension__({                                                     \
    auto try_result_ = (expr);                                        \
    if (!try_result_) return ::twolane::fail(std::move(try_result_).error()); \
    std::move(try_result_).value();                                   \
  })

// CHECKED(expr): the same for a Status.
#define CHECKED(expr)                                                 \
  do {                                                                \
    if (auto checked_ = (expr); !checked_)                            \
      return ::twolane::fail(std::move(checked_).error());            \
  } while (false)
