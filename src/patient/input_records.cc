// The three ways of cutting, behind one face: blocks go in, records come out.
#include "patient/input_records.h"

#include "patient/array_elements.h"
#include "patient/batch_line.h"
#include "wire/csv.h"
#include "wire/jsonl.h"

namespace twolane::patient {
namespace {

bool blank(std::string_view text) { return text.find_first_not_of(" \t\r") == text.npos; }

void fill(Record& to, const wire::Line& from) {
  to.text = from.text;
  to.offset = from.offset;
  to.length = from.length;
  to.line = from.number;
  to.too_long = from.too_long;
}

void fill(Record& to, const ArrayElement& from) {
  to.text = from.text;
  to.offset = from.offset;
  to.length = static_cast<int64_t>(from.text.size());
  to.line = from.line;
  to.column = from.column;
  to.too_long = from.too_long;
  to.fault = from.fault;
}

void fill(Record& to, const wire::CsvRecord& from) {
  to.fields = from.fields;
  to.offset = from.offset;
  to.length = from.length;
  to.line = from.line;
  to.fault = from.fault;
}

template <class Splitter>
class SplitReader : public RecordReader {
 public:
  SplitReader(InputBlocks& blocks, int64_t most)
      : blocks_(blocks), splitter_(static_cast<size_t>(most)) {}

  Result<std::optional<Record>> next() override {
    for (;;) {
      auto piece = ended_ ? splitter_.finish() : splitter_.next();
      if (piece) {
        Record record;
        fill(record, *piece);
        if (record.fields.empty() && !record.fault && blank(record.text)) continue;
        if (!inside_block(record.text)) record.text = padded_.hold(record.text);
        return std::optional<Record>(record);
      }
      if (ended_) return std::optional<Record>();
      block_ = TRY(blocks_.next());
      ended_ = block_.empty();
      if (!ended_) splitter_.feed(block_);
    }
  }

 private:
  // Only those are followed by readable bytes.
  bool inside_block(std::string_view text) const {
    return text.data() >= block_.data() &&
           text.data() + text.size() <= block_.data() + block_.size();
  }

  InputBlocks& blocks_;
  Splitter splitter_;
  PaddedLine padded_;
  std::string_view block_;
  bool ended_ = false;
};

}  // namespace

Result<std::string_view> InputBlocks::next() {
  if (!peeked_.empty()) return std::exchange(peeked_, {});
  const std::string_view block = TRY(pump_.next());
  if (tap_ && !block.empty()) CHECKED(tap_(block));
  return block;
}

Result<std::string_view> InputBlocks::peek() {
  if (peeked_.empty()) peeked_ = TRY(next());
  return peeked_;
}

Status InputBlocks::drain() {
  while (!TRY(next()).empty()) continue;
  return {};
}

std::unique_ptr<RecordReader> record_reader(InputFormat format, InputBlocks& blocks,
                                            int64_t most_bytes) {
  switch (format) {
    case InputFormat::anthropic_json:
      return std::make_unique<SplitReader<ArrayElements>>(blocks, most_bytes);
    case InputFormat::csv_rows:
      return std::make_unique<SplitReader<wire::CsvReader>>(blocks, most_bytes);
    default:
      return std::make_unique<SplitReader<wire::LineSplitter>>(blocks, most_bytes);
  }
}

}  // namespace twolane::patient
