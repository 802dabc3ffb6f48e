// From fields to a call.
#include "audit/draft.h"

#include <algorithm>

#include "audit/values.h"

namespace twolane::audit {
namespace {

constexpr size_t longest_text = 1024;  // of a name; longer ones are cut

bool same_word(std::string_view text, std::string_view lower) {
  return text.size() == lower.size() && std::equal(text.begin(), text.end(), lower.begin(), [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? a | 0x20 : a) == b;
  });
}

// LiteLLM writes truth, Portkey HIT and MISS, Helicone the id of the answer that it repeated.
bool is_hit(std::string_view text) {
  if (text.find("HIT") != text.npos) return true;
  if (const auto truth = read_truth(text)) return *truth;
  const bool id = text.size() == 36 && text.find_first_not_of("0123456789abcdef-") == text.npos;
  return id && text.find_first_not_of("0-") != text.npos;
}

}  // namespace

void Draft::begin(const FormatSpec& spec, Duration zone) {
  spec_ = &spec;
  zone_ = zone;
  for (auto& text : texts_) text.clear();
  kind_.clear(), operation_.clear();
  counts_.clear();
  start_.reset(), end_.reset(), first_token_at_.reset();
  from_zero_ = false;
  latency_.reset(), first_token_.reset(), output_limit_.reset();
  retries_ = 0;
  streaming_.reset(), batch_.reset(), gateway_hit_.reset(), cancelled_.reset(), succeeded_.reset();
  failed_ = false;
  status_.reset(), tier_.reset(), cost_.reset();
  facts_.clear();
  blocks_.clear();
}

// --- fields

FieldFault Draft::set_time(Slot slot, Unit unit, std::string_view text) {
  std::optional<Time> t;
  if (unit == Unit::from_zero_ms || unit == Unit::from_zero_s) {
    from_zero_ = true;
    if (const auto ms = read_scaled(text, unit == Unit::from_zero_s ? 1000 : 1)) t = Time{*ms};
  } else {
    t = read_time(text, zone_);
  }
  if (!t) return {"time", "a time that cannot be read"};
  auto& place = slot == Slot::start ? start_ : slot == Slot::end ? end_ : first_token_at_;
  if (!place) place = t;
  return {};
}

void Draft::set_truth(Slot slot, std::string_view text) {
  switch (slot) {
    case Slot::gateway_hit: gateway_hit_ = is_hit(text); return;
    case Slot::batch:  // a list of models where LiteLLM ran a batch
      if (text != "null" && text != "[]") batch_ = read_truth(text).value_or(true);
      return;
    case Slot::streaming:
      if (const auto truth = read_truth(text)) streaming_ = truth;
      return;
    case Slot::cancelled: cancelled_ = read_truth(text); return;
    default: succeeded_ = read_truth(text); return;
  }
}

void Draft::set_status(std::string_view text) {
  const auto n = read_count(text);
  if (n && *n >= 100 && *n <= 599) status_ = static_cast<int>(*n);
}

FieldFault Draft::set(Slot slot, Unit unit, const Scalar& value) {
  const std::string_view text = value.text;
  if (text.empty()) return {};
  if (slot < Slot::text_slots) {
    auto& place = texts_[static_cast<size_t>(slot)];
    if (place.empty()) place.assign(text.substr(0, longest_text));
    return {};
  }
  if (slot < Slot::count_slots) {
    const auto n = read_count(text);
    if (!n) return {"tokens", "a count of tokens that is no whole number"};
    counts_.set(slot, *n);
    return {};
  }
  switch (slot) {
    case Slot::kind: kind_.assign(text); return {};
    case Slot::operation: operation_.assign(text.substr(0, longest_text)); return {};
    case Slot::start:
    case Slot::end:
    case Slot::first_token_at: return set_time(slot, unit, text);
    case Slot::latency:
    case Slot::first_token: {
      const int64_t scale = unit == Unit::seconds ? 1'000'000 : unit == Unit::microseconds ? 1 : 1000;
      const auto us = read_scaled(text, scale);
      if (us && *us >= 0) (slot == Slot::latency ? latency_ : first_token_) = Duration{*us / 1000};
      return {};
    }
    case Slot::output_limit: output_limit_ = read_count(text); return {};
    case Slot::retries: retries_ = read_count(text).value_or(0); return {};
    case Slot::state:
      failed_ = failed_ || same_word(text, "failure") || same_word(text, "error") || same_word(text, "errored") ||
                same_word(text, "failed") || same_word(text, "expired") || same_word(text, "canceled");
      if (same_word(text, "success") || same_word(text, "succeeded")) succeeded_ = true;
      return {};
    case Slot::failure: failed_ = failed_ || !same_word(text, "none"); return {};
    case Slot::status: set_status(text); return {};
    case Slot::tier: tier_ = read_tier(text); return {};
    case Slot::cost: {
      const auto amount = read_amount(text, unit == Unit::cents);
      if (!amount) return {"cost", "a cost that is no number"};
      if (!cost_) cost_ = amount;
      return {};
    }
    default: set_truth(slot, text); return {};
  }
}

// --- the finished call

bool Draft::wanted_kind() const {
  if (spec_->kinds.empty()) return true;
  if (kind_.empty()) return counts_.any() && !first_of(Slot::model, Slot::model_asked).empty();
  return std::find(spec_->kinds.begin(), spec_->kinds.end(), kind_) != spec_->kinds.end();
}

// Of our access log: patient requests run as jobs, whose tokens are in the ledger.
bool Draft::is_live_call() const {
  const auto ends = [&](std::string_view end) { return std::string_view(operation_).ends_with(end); };
  const bool counts = ends("/count_tokens") || ends(":countTokens");
  return (!text(Slot::model).empty() || counts_.any()) && text(Slot::tags) != "patient" && !counts;
}

void Draft::put_names(Call& c) const {
  c.key = first_of(Slot::key_name, Slot::key);
  c.user = first_of(Slot::end_user, Slot::user);
  if (c.user.empty()) c.user = facts_.user;
  c.team = text(Slot::team);
  c.route = first_of(Slot::route, Slot::alias);
  c.user_agent = text(Slot::user_agent);
  c.tags = text(Slot::tags);
  c.prompt_name = text(Slot::prompt_name);
  c.model = first_of(Slot::model, Slot::model_asked);
  if (c.model.empty()) c.model = facts_.model.empty() ? facts_.model_asked : facts_.model;
  c.provider = text(Slot::provider);
  c.request_id = text(Slot::request_id);
  c.response_id = text(Slot::response_id).empty() ? std::string_view(facts_.response_id) : text(Slot::response_id);
  c.trace = text(Slot::trace);
  c.session = text(Slot::session);
  c.span = text(Slot::span);
  c.parent = text(Slot::parent);
  c.previous_response =
      text(Slot::previous_response).empty() ? std::string_view(facts_.previous_response) : text(Slot::previous_response);
  c.prompt_family = facts_.family;
  c.prompt = facts_.prompt;
  c.answer = facts_.answer;
  c.answer_before = facts_.answer_before;
}

void Draft::put_times(Call& c) const {
  c.start = start_;
  c.clock_from_zero = from_zero_;
  c.latency = latency_;
  if (!c.latency && start_ && end_ && *end_ >= *start_) c.latency = *end_ - *start_;
  if (!c.start && end_) c.start = c.latency ? *end_ - *c.latency : *end_;
  if (!c.start && !facts_.created.empty()) c.start = read_time(facts_.created);
  c.streaming = streaming_ ? streaming_ : facts_.streaming;
  c.first_token = first_token_;
  if (start_ && first_token_at_ && *first_token_at_ >= *start_) {
    // LiteLLM writes the end where nothing was streamed.
    const bool before_end = !end_ || *first_token_at_ < *end_;
    if (!c.streaming) c.streaming = before_end;
    if (!c.first_token && *c.streaming) c.first_token = *first_token_at_ - *start_;
  }
}

void Draft::put_answer(Call& c) {
  const bool named = !operation_.empty();
  const std::string& operation = named ? operation_ : kind_;
  if (operation != last_operation_) {  // a log has few of them
    last_operation_ = operation;
    last_endpoint_ = read_endpoint(operation);
  }
  c.endpoint = last_endpoint_;
  if (!c.endpoint) c.endpoint = facts_.endpoint;
  // Bedrock and Gemini say it by the name of the operation.
  if (!c.streaming && named && (operation_.find("Stream") != std::string::npos || operation_.find("stream") != std::string::npos))
    c.streaming = true;
  else if (!c.streaming && (operation_ == "InvokeModel" || operation_ == "Converse"))
    c.streaming = false;
  c.http_status = status_;
  c.gateway_cached = gateway_hit_.value_or(false);
  c.retries = retries_;
  c.output_limit = output_limit_ ? output_limit_ : facts_.output_limit;
  if (cancelled_.value_or(false) || status_ == 499) c.outcome = Outcome::disconnected;
  else if (failed_ || facts_.failed || (status_ && *status_ >= 400) || succeeded_ == false) c.outcome = Outcome::failed;
  else if (status_ || succeeded_ == true) c.outcome = Outcome::succeeded;
}

void Draft::put_cost(Call& c) const {
  c.tier = batch_.value_or(false) || spec_->format == Format::batch_output ||
                   spec_->format == Format::batch_input
               ? ServiceTier::batch
           : tier_ ? tier_ : facts_.tier;
  // The provider's own usage object is exact about what is cached; a gateway's columns may not be.
  const bool own = facts_.counts.has(Slot::input) || facts_.counts.has(Slot::output);
  c.usage = own ? facts_.counts.usage(facts_.rule) : counts_.usage(spec_->cached);
  c.cache_known = own ? facts_.counts.cache_known() : counts_.cache_known();
  c.cost = cost_;
}

// Pieces of a body get their tokens by their bytes, so that they sum to the input where it is known.
void Draft::put_prefix(Call& c) {
  if (blocks_.empty() && !facts_.pieces.empty()) {
    int64_t bytes = 0, before = 0, given = 0;
    for (const auto& piece : facts_.pieces) bytes += piece.bytes;
    const int64_t tokens = c.usage ? c.usage->input() : bytes / 4;
    for (const auto& piece : facts_.pieces) {
      before += piece.bytes;
      const auto until = static_cast<int64_t>(static_cast<__int128>(tokens) * before / bytes);
      blocks_.push_back({piece.chain, static_cast<int32_t>(until - given)});
      given = until;
    }
    c.prefix_estimated = true;
  }
  c.prefix = blocks_;
}

bool Draft::finish(Call& call) {
  if (!wanted_kind() || (spec_->format == Format::twolane_access && !is_live_call())) return false;
  call = Call{};
  call.format = spec_->format;
  put_names(call);
  put_times(call);
  put_answer(call);
  put_cost(call);
  put_prefix(call);
  return true;
}

}  // namespace twolane::audit
