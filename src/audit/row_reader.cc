// Rows of JSON and CSV.
#include "audit/row_reader.h"

#include <algorithm>
#include <cstring>

namespace twolane::audit {
namespace {

constexpr FieldFault broken{"json", "not a JSON object"};

bool whole(Slot slot) { return slot >= Slot::usage; }

constexpr size_t most_expected = 256;  // members of an object whose places are remembered

// A text without escapes, a number or a truth, as it stands in the record; nothing of anything else. Only
// looks: the value can still be read otherwise.
bool plain_scalar(ondemand::value& value, Scalar& out) {
  const std::string_view token = value.raw_json_token();  // up to the next token, with what lies between
  if (token.empty()) return false;
  const char first = token.front();
  if (first == '"') {
    const size_t end = token.find('"', 1);
    if (end == token.npos) return false;
    out.text = token.substr(1, end - 1);
    return out.text.find('\\') == out.text.npos;
  }
  const bool number = (first >= '0' && first <= '9') || first == '-';
  if (!number && first != 't' && first != 'f') return false;
  out = {token_of(value), true};
  return true;
}

}  // namespace

FieldFault RowReader::read(ondemand::object object, Draft& draft) {
  fault_ = {};
  if (!enter(object, FieldTree::root, 0, draft)) return broken;
  return fault_;
}

RowReader::Expected::Expected(std::string_view name, const FieldTree::Entry* of) : entry(of) {
  if (name.size() >= 8 * most_words) return;
  std::array<char, 8 * most_words> bytes{};
  std::memcpy(bytes.data(), name.data(), name.size());
  bytes[name.size()] = '"';
  std::memcpy(words_.data(), bytes.data(), bytes.size());
  count_ = name.size() / 8 + 1;
  const size_t in_last = name.size() % 8 + 1;
  std::array<char, 8> mask{};
  std::fill_n(mask.begin(), in_last, '\xff');
  std::memcpy(&last_mask_, mask.data(), 8);
}

bool RowReader::Expected::is(const char* key) const {
  uint64_t word = 0;
  for (size_t i = 0; i + 1 < count_; ++i) {
    std::memcpy(&word, key + 8 * i, 8);
    if (word != words_[i]) return false;
  }
  if (count_ == 0) return false;
  std::memcpy(&word, key + 8 * (count_ - 1), 8);
  return (word & last_mask_) == words_[count_ - 1];
}

const FieldTree::Entry* RowReader::entry_of(ondemand::field& field, int node, size_t place) {
  std::vector<Expected>& expected = expected_[static_cast<size_t>(node)];
  if (place < expected.size() && expected[place].is(field.key().raw())) return expected[place].entry;
  const std::string_view name = name_of(field);
  const FieldTree::Entry* entry = tree_.find(node, name);
  if (place < expected.size()) expected[place] = Expected(name, entry);
  else if (place == expected.size() && place < most_expected) expected.emplace_back(name, entry);
  return entry;
}

bool RowReader::enter(ondemand::object object, int node, size_t depth, Draft& draft) {
  size_t place = 0;
  for (auto item : object) {
    if (item.error() != simdjson::SUCCESS) return false;
    ondemand::field&& field = std::move(item).value_unsafe();  // in place: copies of it stall
    const auto* entry = entry_of(field, node, place++);
    if (entry != nullptr) take(*entry, field.value(), depth, draft);
  }
  return true;
}

void RowReader::set(std::string_view name, ondemand::value& value, Draft& draft) {
  if (const auto* entry = tree_.find(FieldTree::root, name)) take(*entry, value, 0, draft);
}

void RowReader::take(const FieldTree::Entry& entry, ondemand::value& value, size_t depth, Draft& draft) {
  Scalar plain;
  if (entry.child < 0 && !whole(entry.slot) && plain_scalar(value, plain)) return keep(draft.set(entry.slot, entry.unit, plain));
  ondemand::json_type type;
  if (value.type().get(type) != simdjson::SUCCESS) return keep(broken);
  switch (type) {
    case ondemand::json_type::object:
      if (entry.child >= 0) {
        ondemand::object object;
        if (value.get_object().get(object) != simdjson::SUCCESS || !enter(object, entry.child, depth, draft)) keep(broken);
        return;
      }
      [[fallthrough]];
    case ondemand::json_type::array:
      if (!entry.leaf) return;
      if (whole(entry.slot)) take_whole(entry.slot, raw_of(value), draft);
      else keep(draft.set(entry.slot, entry.unit, {raw_of(value)}));
      return;
    case ondemand::json_type::string: {
      std::string_view text;
      if (value.get_string().get(text) != simdjson::SUCCESS) return keep(broken);
      return take_text(entry, text, depth, draft);
    }
    case ondemand::json_type::number:
    case ondemand::json_type::boolean:
      if (entry.leaf && !whole(entry.slot)) keep(draft.set(entry.slot, entry.unit, {token_of(value), true}));
      return;
    case ondemand::json_type::null: return;
  }
}

// `text` is followed by padding: it lies in a parser's string buffer or in padded_.
void RowReader::take_text(const FieldTree::Entry& entry, std::string_view text, size_t depth, Draft& draft) {
  if (entry.child >= 0 && looks_like_json(text) && depth < inner_.size()) {
    ondemand::document document;
    ondemand::object object;
    // Broken JSON in a text is the writer's cut: what was read of it counts, the rest is unknown.
    if (open_json(inner_[depth], text, document) && document.get_object().get(object) == simdjson::SUCCESS)
      enter(object, entry.child, depth + 1, draft);
    return;
  }
  if (!entry.leaf) return;
  if (!whole(entry.slot)) return keep(draft.set(entry.slot, entry.unit, {text}));
  if (looks_like_json(text)) return take_whole(entry.slot, text, draft);
  if (entry.slot == Slot::request_body) bodies_.request_text(text, draft.facts());
  if (entry.slot == Slot::response_body) bodies_.response_text(text, draft.facts());
}

void RowReader::take_whole(Slot slot, std::string_view json, Draft& draft) {
  if (json.size() <= 2) return;
  if (slot == Slot::usage) bodies_.usage(json, draft.facts());
  else if (slot == Slot::request_body) bodies_.request(json, draft.facts());
  else bodies_.response(json, draft.facts());
}

void RowReader::header(std::span<const std::string_view> names) {
  columns_.clear();
  for (const auto name : names) columns_.push_back(tree_.find(FieldTree::root, name));
}

FieldFault RowReader::read(std::span<const std::string_view> fields, Draft& draft) {
  fault_ = {};
  for (size_t i = 0; i < fields.size() && i < columns_.size(); ++i) {
    const auto* entry = columns_[i];
    if (entry == nullptr || fields[i].empty()) continue;
    if (entry->child < 0 && !whole(entry->slot)) {
      keep(draft.set(entry->slot, entry->unit, {fields[i]}));
      continue;
    }
    padded_.assign(fields[i]);
    padded_.append(simdjson::SIMDJSON_PADDING, '\0');
    take_text(*entry, std::string_view(padded_).substr(0, fields[i].size()), 0, draft);
  }
  return fault_;
}

}  // namespace twolane::audit
