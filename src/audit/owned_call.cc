// All texts of a call in one string.
#include "audit/owned_call.h"

#include <array>

namespace twolane::audit {
namespace {

constexpr std::array texts{&Call::key,        &Call::user,        &Call::team,  &Call::route,   &Call::user_agent,
                           &Call::tags,       &Call::prompt_name, &Call::model, &Call::provider, &Call::request_id,
                           &Call::response_id, &Call::trace,      &Call::session, &Call::span,   &Call::parent,
                           &Call::previous_response};

}  // namespace

OwnedCall::OwnedCall(const Call& call) : call_(call), prefix_(call.prefix.begin(), call.prefix.end()) {
  ends_.reserve(texts.size());
  for (const auto text : texts) {
    texts_.append(call.*text);
    ends_.push_back(static_cast<uint32_t>(texts_.size()));
    call_.*text = {};
  }
  call_.prefix = {};
}

Call OwnedCall::view() const {
  Call call = call_;
  size_t begin = 0;
  for (size_t i = 0; i < texts.size(); ++i) {
    call.*texts[i] = std::string_view(texts_).substr(begin, ends_[i] - begin);
    begin = ends_[i];
  }
  call.prefix = prefix_;
  return call;
}

}  // namespace twolane::audit
