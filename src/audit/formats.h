// The logs that are understood, as one table: how each is recognised, and what its fields hold.
//
// Source of every row: ../shared/contracts/log_formats.md, section 3, and the public traces' own headers
// (../shared/data/README.md). A new log of rows is a new row here.
#pragma once

#include <span>
#include <string_view>

#include "audit/call.h"
#include "audit/fields.h"
#include "audit/token_counts.h"

namespace twolane::audit {

// How records of a format are read.
enum class Shape : uint8_t {
  rows,      // one record, one call: fields only
  spans,     // OTLP: attributes as lists of key and value, nested
  buckets,   // provider exports
  own,       // a reader of its own (traces.cc)
};

struct FormatSpec {
  Format format;
  Shape shape;
  // Recognised by the first alternative of which all names are members of a record.
  std::span<const std::span<const std::string_view>> signatures;
  std::span<const Field> fields;
  Cached cached = Cached::inside;
  std::span<const std::string_view> kinds = {};  // of Slot::kind that are calls to a model; empty: all
};

std::span<const FormatSpec> formats();
const FormatSpec& spec_of(Format f);

// The format of a record with these members; nullptr when none fits.
const FormatSpec* recognise(std::span<const std::string_view> members);

}  // namespace twolane::audit
