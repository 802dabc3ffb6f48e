// Records of rows (one record, one call): their fields go into a draft, by the format's table.
//
// Pure. Reads JSON objects, nested, with JSON inside of texts, and records of CSV whose header was given.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "audit/body.h"
#include "audit/draft.h"
#include "audit/fields.h"
#include "audit/json.h"

namespace twolane::audit {

class RowReader {
 public:
  // The tree outlives the reader.
  explicit RowReader(const FieldTree& tree) : tree_(tree), expected_(tree.nodes()) {}

  // The fault of the first field that cannot be read, or "json" where the object is broken.
  FieldFault read(ondemand::object object, Draft& draft);

  // One member of such an object, by name; for readers whose fields are no members (OTLP).
  void set(std::string_view name, ondemand::value& value, Draft& draft);
  FieldFault fault() const { return fault_; }
  void clear_fault() { fault_ = {}; }

  void header(std::span<const std::string_view> names);
  FieldFault read(std::span<const std::string_view> fields, Draft& draft);

 private:
  // A member that stood at this place of the record before: logs write theirs in one order.
  class Expected {
   public:
    Expected(std::string_view name, const FieldTree::Entry* entry);
    // `key` is where a member's name begins, behind its quote; it can be read beyond its end.
    bool is(const char* key) const;
    const FieldTree::Entry* entry = nullptr;

   private:
    static constexpr size_t most_words = 5;
    std::array<uint64_t, most_words> words_{};  // the name and its closing quote
    uint64_t last_mask_ = 0;
    size_t count_ = 0;  // 0: too long to be kept
  };

  const FieldTree::Entry* entry_of(ondemand::field& field, int node, size_t place);
  bool enter(ondemand::object object, int node, size_t depth, Draft& draft);
  void take(const FieldTree::Entry& entry, ondemand::value& value, size_t depth, Draft& draft);
  void take_text(const FieldTree::Entry& entry, std::string_view text, size_t depth, Draft& draft);
  void take_whole(Slot slot, std::string_view json, Draft& draft);
  void keep(FieldFault fault) {
    if (fault && !fault_) fault_ = fault;
  }

  const FieldTree& tree_;
  std::vector<std::vector<Expected>> expected_;  // by node
  BodyReader bodies_;
  std::array<ondemand::parser, 3> inner_;  // for JSON in texts, by depth
  std::vector<const FieldTree::Entry*> columns_;
  std::string padded_;
  FieldFault fault_;
};

}  // namespace twolane::audit
