// The tree of fields: a small hash table for each object that fields lie in.
#include "audit/fields.h"

#include <cstring>

namespace twolane::audit {
namespace {

template <class Word>
uint64_t word_at(const char* at) {
  Word word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

// Names of members are short and differ at their ends.
size_t hash_of(std::string_view name) {
  const char* begin = name.data();
  const size_t n = name.size();
  uint64_t head = 0, tail = 0;
  if (n >= 8) head = word_at<uint64_t>(begin), tail = word_at<uint64_t>(begin + n - 8);
  else if (n >= 4) head = word_at<uint32_t>(begin), tail = word_at<uint32_t>(begin + n - 4);
  else if (n > 0) head = static_cast<unsigned char>(begin[0]), tail = static_cast<unsigned char>(begin[n - 1]);
  const uint64_t h = (head ^ (tail << 1) ^ n) * 0x9E3779B97F4A7C15ull;
  return static_cast<size_t>(h ^ (h >> 29));
}

}  // namespace

FieldTree::FieldTree(std::span<const Field> fields) {
  nodes_.emplace_back();
  for (const Field& field : fields) {
    int node = root;
    std::string_view rest = field.path;
    for (size_t cut; (cut = rest.find('/')) != rest.npos; rest.remove_prefix(cut + 1)) {
      Entry& inner = at(node, rest.substr(0, cut));
      if (inner.child < 0) {
        inner.child = static_cast<int>(nodes_.size());
        nodes_.emplace_back();
      }
      node = inner.child;
    }
    Entry& leaf = at(node, rest);
    leaf.leaf = true;
    leaf.slot = field.slot;
    leaf.unit = field.unit;
  }
}

FieldTree::Entry& FieldTree::at(int node, std::string_view name) {
  if (const Entry* known = find(node, name)) return const_cast<Entry&>(*known);
  Entry& entry = entries_.emplace_back();
  entry.name = name;
  Node& in = nodes_[static_cast<size_t>(node)];
  if (2 * (in.used + 1) > in.slots.size()) grow(in);
  const size_t mask = in.slots.size() - 1;
  size_t i = hash_of(name) & mask;
  while (in.slots[i] != nullptr) i = (i + 1) & mask;
  in.slots[i] = &entry;
  ++in.used;
  return entry;
}

void FieldTree::grow(Node& node) {
  const std::vector<Entry*> old = std::move(node.slots);
  node.slots.assign(old.empty() ? 16 : 2 * old.size(), nullptr);
  const size_t mask = node.slots.size() - 1;
  for (Entry* entry : old) {
    if (entry == nullptr) continue;
    size_t i = hash_of(entry->name) & mask;
    while (node.slots[i] != nullptr) i = (i + 1) & mask;
    node.slots[i] = entry;
  }
}

const FieldTree::Entry* FieldTree::find(int node, std::string_view name) const {
  const Node& in = nodes_[static_cast<size_t>(node)];
  if (in.slots.empty()) return nullptr;
  const size_t mask = in.slots.size() - 1;
  for (size_t i = hash_of(name) & mask; in.slots[i] != nullptr; i = (i + 1) & mask)
    if (in.slots[i]->name == name) return in.slots[i];
  return nullptr;
}

}  // namespace twolane::audit
