// Splitting a large JSON body into the elements of one of its arrays, piece by piece: the create
// call of a batch with inline requests may hold 256 MB.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace twolane::sim {

// Finds the array under a member of the outermost object and hands out its elements, each on one
// line (line ends between tokens become blanks). What it hands out is not yet known to be JSON.
// Other members are skipped. Everything must be fed; finish() tells whether the text closed as it
// should.
class JsonElements {
 public:
  JsonElements(std::string_view member, std::function<Status(std::string_view element)> see)
      : member_(member), see_(std::move(see)) {}

  Status feed(std::string_view piece);
  // Error sim.json: not an object, not closed, or without that array.
  Status finish() const;

 private:
  Status take(char c);
  void in_string(char c);
  Status close(char c);

  std::string member_;
  std::function<Status(std::string_view)> see_;
  std::string stack_;  // open brackets
  std::string key_;    // the last string read at the outermost level
  std::string element_;
  bool string_ = false, escaped_ = false, expects_value_ = false;
  bool inside_ = false;  // of the array
  bool found_ = false, closed_ = false, broken_ = false;
};

}  // namespace twolane::sim
