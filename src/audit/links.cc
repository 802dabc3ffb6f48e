// By hashes of texts where the log has bodies; else by a session's inputs, which grow by the answers.
#include "audit/links.h"

#include <algorithm>

#include "audit/hash.h"

namespace twolane::audit {
namespace {

size_t place(uint64_t hash, size_t size) { return (hash * 0x9E3779B97F4A7C15ull >> 20) & (size - 1); }

uint64_t thread_of(const Call& call, uint64_t who) {
  const std::string_view name = !call.session.empty() ? call.session : call.trace;
  return name.empty() ? 0 : hash_text(name, who | 1);
}

}  // namespace

Link Links::take(const Call& call, uint64_t who) {
  Link link;
  const int64_t start = call.start->ms;
  const int64_t end = start + (call.latency ? call.latency->ms : 0);
  const int64_t input = call.usage ? call.usage->input() : 0;
  const int64_t output = call.usage ? call.usage->output : 0;
  if (call.answer_before != 0) {
    link.joined = true;
    const Answer& before = answers_[place(call.answer_before, places)];
    if (before.hash == call.answer_before && before.end <= start + 1000)
      link.answer_age = Duration{std::max<int64_t>(0, start - before.end)};
  }
  if (const uint64_t hash = thread_of(call, who); hash != 0) {
    link.joined = true;
    Thread& thread = threads_[place(hash, places)];
    const bool follows = thread.hash == hash && thread.end <= start + 100;
    const bool grew = thread.output > 0 && input >= thread.input + thread.output / 2;
    if (!link.answer_age && call.answer_before == 0 && follows && grew)
      link.answer_age = Duration{std::max<int64_t>(0, start - thread.end)};
    thread = {hash, end, input, output};
  }
  if (call.answer != 0) answers_[place(call.answer, places)] = {call.answer, end};
  if (call.prompt != 0) {
    Answer& before = prompts_[place(call.prompt ^ who, places)];
    link.repeated = before.hash == (call.prompt ^ who) && start - before.end <= minutes(10).ms;
    before = {call.prompt ^ who, start};
  }
  return link;
}

}  // namespace twolane::audit
