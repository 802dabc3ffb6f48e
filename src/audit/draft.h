// A call while its record is read: fields arrive in any order, the format's rules apply at the end.
//
// Owns the texts that the finished Call shows, so they do not depend on the record's bytes. Reused from
// record to record; a draft allocates nothing once it is warm.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/body.h"
#include "audit/call.h"
#include "audit/fields.h"
#include "audit/formats.h"
#include "audit/token_counts.h"

namespace twolane::audit {

// A scalar of a record: the text of a string without quotes, or the token of a number, true or false.
struct Scalar {
  std::string_view text;
  bool number = false;
};

// What is wrong with a field; `code` is empty where nothing is.
struct FieldFault {
  std::string_view code, reason;
  explicit operator bool() const { return !code.empty(); }
};

class Draft {
 public:
  void begin(const FormatSpec& spec, Duration zone = {});
  // Any slot but the whole values. Empty texts are absent values.
  FieldFault set(Slot slot, Unit unit, const Scalar& value);  // by reference: a copy of what was just written stalls
  BodyReader::Facts& facts() { return facts_; }
  // For readers that find pieces of the prompt otherwise than in bodies.
  std::vector<PrefixBlock>& blocks() { return blocks_; }

  // False: a record that is no call to a model. Views in `call` hold until begin().
  bool finish(Call& call);

 private:
  FieldFault set_time(Slot slot, Unit unit, std::string_view text);
  void set_truth(Slot slot, std::string_view text);
  void set_status(std::string_view text);
  bool wanted_kind() const;
  bool is_live_call() const;
  void put_names(Call& call) const;
  void put_times(Call& call) const;
  void put_answer(Call& call);
  void put_cost(Call& call) const;
  void put_prefix(Call& call);
  std::string_view text(Slot s) const { return texts_[static_cast<size_t>(s)]; }
  std::string_view first_of(Slot a, Slot b) const { return text(a).empty() ? text(b) : text(a); }

  const FormatSpec* spec_ = nullptr;
  Duration zone_;
  std::array<std::string, static_cast<size_t>(Slot::text_slots)> texts_;
  std::string kind_, operation_;
  std::string last_operation_;
  std::optional<Endpoint> last_endpoint_;  // of last_operation_
  TokenCounts counts_;
  std::optional<Time> start_, end_, first_token_at_;
  bool from_zero_ = false;
  std::optional<Duration> latency_, first_token_;
  std::optional<int64_t> output_limit_;
  int64_t retries_ = 0;
  std::optional<bool> streaming_, batch_, gateway_hit_, cancelled_, succeeded_;
  bool failed_ = false;
  std::optional<int> status_;
  std::optional<ServiceTier> tier_;
  std::optional<PicoUsd> cost_;
  BodyReader::Facts facts_;
  std::vector<PrefixBlock> blocks_;
};

}  // namespace twolane::audit
