// Reads logs of model calls as streams of bytes and gives what they say to a sink.
//
// Pure: whoever opens the files feeds their bytes, already decompressed. A LogReader reads one file. Its
// format is found by content. Lines that cannot be read are counted by reason, with the place of the first
// of each, and reading goes on. Memory: one record (at most `max_record_bytes`), tables of ids only where a
// trace's rows name pieces by number.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "audit/call.h"
#include "base/result.h"

namespace twolane::audit {

// Where records go. Views in them are valid until the function returns.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void call(const Call& call) = 0;
  virtual void bucket(const Bucket& bucket) = 0;
};

// Why records were not used. One for each reason and file.
struct Fault {
  std::string code;       // stable: "json", "csv", "too_long", "cut", "time", "tokens", "cost", ...
  std::string reason;     // prose
  int64_t count = 0;
  int64_t line = 0;       // of the first, 1-based
  std::string excerpt;    // of the first, cut short
};

// What one file gave. A record is a line, a row, an element of a list, or a span.
// records = calls + bucket_records + passed + bad(); a bucket of which one result is bad counts as bad,
// though its other results were given.
struct FileRead {
  std::string name;
  std::optional<Format> format;  // nothing before it is found
  int64_t bytes = 0;             // decompressed
  int64_t records = 0;
  int64_t calls = 0;
  int64_t bucket_records = 0, buckets = 0;
  int64_t passed = 0;            // understood, and no call to a model (other spans, empty buckets)
  int64_t without_time = 0, without_tokens = 0;  // of the calls
  std::vector<Fault> faults;
  int64_t bad() const;
};

// Tells which column holds what: "time=ts,model=m,input=tokens_in,output=tokens_out".
class Columns;
Result<std::shared_ptr<const Columns>> parse_columns(std::string_view text);

// Tokens of the pieces that RAGPulse's rows name by number; numbers are unique over its five files, which
// are read before the rows.
class Lengths {
 public:
  void put(int64_t id, int32_t tokens) { tokens_[id] = tokens; }
  // Nothing where no file said it.
  std::optional<int32_t> of(int64_t id) const {
    const auto found = tokens_.find(id);
    return found != tokens_.end() ? std::optional(found->second) : std::nullopt;
  }

 private:
  std::unordered_map<int64_t, int32_t> tokens_;
};

inline constexpr size_t max_record_bytes = 64 << 20;

// A file whose rows others need is read before them. By the beginning of the file.
bool serves_others(std::string_view beginning);

class LogReader {
 public:
  // `columns` may be null. `lengths` outlives the reader and is shared by the files of one run.
  LogReader(std::string name, std::shared_ptr<const Columns> columns, Lengths& lengths, Sink& sink);
  ~LogReader();
  LogReader(LogReader&&) noexcept;

  // Errors that end the reading of this file: audit.unknown_format (says what was seen), audit.columns.
  Status feed(std::string_view piece);
  Status finish();
  const FileRead& read() const;

 private:
  class Work;
  std::unique_ptr<Work> work_;
};

}  // namespace twolane::audit
