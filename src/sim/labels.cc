// Words are compared by hashes of their first letters; an index leads from words to labels.

#include "sim/labels.h"

#include <algorithm>
#include <cstring>

#include "sim/random.h"

namespace twolane::sim {
namespace {

constexpr size_t longest_label = 80;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }
bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         (c & 0x80) != 0;
}

// Calls `see` with a hash of the first five letters of each word: "arrive" and "arrival" are the
// same.
template <class See>
void each_stem(std::string_view text, See see) {
  for (size_t i = 0; i < text.size();) {
    if (!is_word(text[i])) {
      ++i;
      continue;
    }
    uint64_t stem = 0;
    size_t from = i;
    for (; i < text.size() && is_word(text[i]); ++i)
      if (i - from < 5) stem = stem << 8 | static_cast<unsigned char>(lower(text[i]));
    if (i - from > 2) see(mix(stem));
  }
}

bool same_letters(std::string_view text, std::string_view lowered) {
  return std::equal(text.begin(), text.end(), lowered.begin(), lowered.end(),
                    [](char a, char b) { return lower(a) == b; });
}

bool contains_word(std::string_view text, std::string_view lowered) {
  for (size_t i = 0; i + lowered.size() <= text.size(); ++i)
    if (same_letters(text.substr(i, lowered.size()), lowered)) return true;
  return false;
}

// The words that say that a list of labels follows stand close before it.
constexpr size_t close_before = 400, same_line = 48;

bool speaks_of_a_list(std::string_view text) {
  if (text.size() > close_before) text.remove_prefix(text.size() - close_before);
  for (std::string_view word : {"categor", "label", "one of", "class", "intent", "topic", "choose"})
    if (contains_word(text, word)) return true;
  return false;
}

// Behind the first colon that ends "categories:" or the like.
size_t names_begin(std::string_view text) {
  for (size_t colon = text.find(':'); colon != std::string_view::npos;
       colon = text.find(':', colon + 1)) {
    std::string_view before = text.substr(0, colon);
    if (before.size() > same_line) before.remove_prefix(before.size() - same_line);
    before.remove_prefix(before.find_last_of('\n') + 1);
    for (std::string_view head : {"categories", "labels", "one of", "classes", "intents"})
      if (contains_word(before, head)) return colon + 1;
  }
  return std::string_view::npos;
}

std::string_view trimmed(std::string_view s) {
  constexpr std::string_view blank = " \t\r\n.;\"'`*";
  const size_t from = s.find_first_not_of(blank);
  if (from == std::string_view::npos) return {};
  return s.substr(from, s.find_last_not_of(blank) - from + 1);
}

}  // namespace

bool Labels::recall(std::string_view text) {
  return !list_.empty() && text.size() >= list_.size() &&
         memmem(text.data(), text.size(), list_.data(), list_.size()) != nullptr;
}

bool Labels::find(std::string_view system, std::string_view user) {
  if (recall(system) || recall(user)) return true;
  if (system != listless_) {
    if (read(system)) return true;
    listless_ = system;
  }
  return read(user);
}

bool Labels::read(std::string_view text) {
  if (text.size() < 8) return false;
  if (!read_lines(text) && !read_names(text)) return false;
  index();
  return true;
}

bool Labels::read_lines(std::string_view text) {
  std::vector<std::string> found;
  size_t first = std::string_view::npos, end = 0;
  const size_t dash = text.starts_with("- ") ? 0 : text.find("\n- ");
  if (dash == std::string_view::npos) return false;
  for (size_t from = dash == 0 ? 0 : dash + 1; from < text.size();) {
    const size_t stop = std::min(text.find('\n', from), text.size());
    const std::string_view line = text.substr(from, stop - from);
    if (line.starts_with("- ")) {
      if (found.empty()) first = from;
      const std::string_view label = trimmed(line.substr(2, line.find(": ") - 2));
      if (!label.empty() && label.size() <= longest_label) found.emplace_back(label);
      end = stop;
    } else if (found.size() == 1) {
      found.clear();  // a single dash is no list
    } else if (!found.empty()) {
      break;
    }
    from = stop + 1;
  }
  if (found.size() < 2 || !speaks_of_a_list(text.substr(0, first))) return false;
  list_ = text.substr(first, end - first);
  labels_ = std::move(found);
  return true;
}

bool Labels::read_names(std::string_view text) {
  size_t from = names_begin(text);
  if (from == std::string_view::npos) return false;
  while (from < text.size() && (text[from] == ' ' || text[from] == '\n')) ++from;
  size_t end = std::min(text.find('\n', from), text.size());
  if (const size_t stop = text.find(". ", from); stop < end) end = stop;
  const std::string_view list = text.substr(from, end - from);
  std::vector<std::string> found;
  for (size_t at = 0; at <= list.size();) {
    const size_t comma = std::min(list.find(',', at), list.size());
    std::string_view name = trimmed(list.substr(at, comma - at));
    for (std::string_view word : {"or ", "and "})
      if (name.starts_with(word)) name = trimmed(name.substr(word.size()));
    if (!name.empty() && name.size() <= longest_label) found.emplace_back(name);
    at = comma + 1;
  }
  if (found.size() == 1) {  // "one of: good or bad"
    const std::string pair = found[0];
    if (const size_t at = pair.find(" or "); at != std::string::npos)
      found = {std::string(trimmed(pair.substr(0, at))), std::string(trimmed(pair.substr(at + 4)))};
  }
  if (found.size() < 2) return false;
  list_ = list;
  labels_ = std::move(found);
  return true;
}

void Labels::index() {
  by_word_.clear();
  words_.assign(labels_.size(), 0);
  for (size_t i = 0; i < labels_.size(); ++i)
    each_stem(labels_[i], [&](uint64_t stem) {
      auto& having = by_word_[stem];
      if (!having.empty() && having.back() == static_cast<int>(i)) return;
      having.push_back(static_cast<int>(i));
      ++words_[i];
    });
}

void Labels::count_words(std::string_view text, std::vector<int64_t>& scores) const {
  each_stem(text, [&](uint64_t stem) {
    auto at = by_word_.find(stem);
    if (at == by_word_.end()) return;
    const int64_t weight = 1200 / static_cast<int64_t>(at->second.size());
    for (int label : at->second) scores[static_cast<size_t>(label)] += weight;
  });
}

std::string_view Labels::best(std::string_view user, uint64_t otherwise) const {
  scores_.assign(labels_.size(), 0);
  const size_t at = list_.empty() ? std::string_view::npos : user.find(list_);
  if (at == std::string_view::npos) {
    count_words(user, scores_);
  } else {
    count_words(user.substr(0, at), scores_);
    count_words(user.substr(at + list_.size()), scores_);
  }
  size_t best = otherwise % labels_.size();
  int64_t most = 0;
  for (size_t i = 0; i < labels_.size(); ++i) {
    const int64_t score = scores_[i] * 12 / (words_[i] + 1);
    if (score > most) best = i, most = score;
  }
  return labels_[best];
}

}  // namespace twolane::sim
