// Finds the list of categories in a prompt and the one that fits a text best, by the words they
// share.
//
// A list is lines that begin with "- " under a line that speaks of categories, or names behind
// "categories:", "labels:" or "one of:". The last list found is remembered: the prompts of a batch
// mostly share theirs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace twolane::sim {

class Labels {
 public:
  // Looks in `system`, then in `user`. False: there is no list of at least two.
  bool find(std::string_view system, std::string_view user);
  // The label that fits what `user` says outside of the list. After find() returned true.
  std::string_view best(std::string_view user, uint64_t otherwise) const;

 private:
  bool recall(std::string_view text);
  bool read(std::string_view text);
  bool read_lines(std::string_view text);
  bool read_names(std::string_view text);
  void index();
  void count_words(std::string_view text, std::vector<int64_t>& scores) const;

  std::string list_;  // the bytes of the remembered list, as they stood in the prompt
  std::vector<std::string> labels_;
  std::vector<int> words_;                                  // by label
  std::unordered_map<uint64_t, std::vector<int>> by_word_;  // labels that have it
  std::string listless_;
  mutable std::vector<int64_t> scores_;
};

}  // namespace twolane::sim
