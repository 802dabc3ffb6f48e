// Turns: providers that insist on alternation see neighbours of one role as one turn.
#include "model/chat.h"

#include <iterator>
#include <utility>

namespace twolane {

std::vector<Message> merged(std::vector<Message> messages, bool assistants_only) {
  std::vector<Message> out;
  out.reserve(messages.size());
  for (Message& m : messages) {
    const bool joins = !out.empty() && out.back().role == m.role &&
                       (m.role == Role::assistant || (m.role == Role::user && !assistants_only));
    if (!joins) {
      out.push_back(std::move(m));
      continue;
    }
    Message& last = out.back();
    last.parts.insert(last.parts.end(), std::make_move_iterator(m.parts.begin()),
                      std::make_move_iterator(m.parts.end()));
    last.extra.insert(last.extra.end(), std::make_move_iterator(m.extra.begin()),
                      std::make_move_iterator(m.extra.end()));
  }
  return out;
}

}  // namespace twolane
