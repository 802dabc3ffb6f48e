// Which requests of a job are meant, by their places in its input: as few ranges as possible.
//
// A plain value. Places count from 0; both ends of a range belong to it. Written "0-4999,7000".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace twolane {

struct IndexRange {
  int64_t from = 0, to = 0;
  bool operator==(const IndexRange&) const = default;
};

class IndexRanges {
 public:
  // Takes a range in; those that it touches become one with it. Cheap in ascending order. An empty or
  // negative one (from > to, from < 0) changes nothing.
  void add(IndexRange range);
  void remove(int64_t index);
  bool contains(int64_t index) const;
  bool empty() const { return ranges_.empty(); }
  int64_t count() const;
  const std::vector<IndexRange>& all() const { return ranges_; }  // ascending, apart from one another

  std::string text() const;
  // Nothing where it is something else; in any order, empty text gives no ranges.
  static std::optional<IndexRanges> parse(std::string_view text);

  bool operator==(const IndexRanges&) const = default;

 private:
  std::vector<IndexRange> ranges_;
};

}  // namespace twolane
