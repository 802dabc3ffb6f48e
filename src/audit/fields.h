// Which member of a log's record holds what: tables of fields, and the tree they are looked up in.
//
// Pure values. A path names members from the outside in, parted by '/'; a text that holds JSON is entered
// like an object. The same table reads JSON and CSV, where a column is a member. Columns are always found
// by name, never by place: exports insert columns.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace twolane::audit {

enum class Slot : uint8_t {
  // Texts. The first that is not empty counts where two fields share a slot.
  key, key_name, user, end_user, team, route, alias, user_agent, tags, prompt_name, model, model_asked,
  provider, request_id, response_id, trace, session, span, parent, previous_response,
  text_slots,
  // Counts of tokens.
  input = text_slots, output, total, cache_read, cache_write, cache_write_5m, cache_write_1h, reasoning,
  thoughts,  // Gemini: outside the output
  count_slots,
  // The rest.
  kind = count_slots,  // which sort of record it is: a format may pass over all but some
  operation,           // a name or url that tells the endpoint
  start, end, first_token_at,
  latency, first_token,
  output_limit, retries,
  streaming, batch, gateway_hit, cancelled, succeeded, state, failure, status,
  tier, cost,
  // Whole values: read by usage.h and body.h.
  usage, request_body, response_body,
};

enum class Unit : uint8_t { none, seconds, milliseconds, microseconds, cents, from_zero_s, from_zero_ms };

struct Field {
  std::string_view path;
  Slot slot;
  Unit unit = Unit::none;
};

// Immutable once built. find() is what every member of every record goes through.
class FieldTree {
 public:
  struct Entry {
    std::string name;
    bool leaf = false;
    Slot slot = Slot::key;
    Unit unit = Unit::none;
    int child = -1;  // node of its members, or -1
  };
  static constexpr int root = 0;

  explicit FieldTree(std::span<const Field> fields);
  const Entry* find(int node, std::string_view name) const;
  size_t nodes() const { return nodes_.size(); }

 private:
  struct Node {
    std::vector<Entry*> slots;  // open addressing, a power of two
    size_t used = 0;
  };
  Entry& at(int node, std::string_view name);
  void grow(Node& node);

  std::vector<Node> nodes_;
  std::deque<Entry> entries_;
};

}  // namespace twolane::audit
