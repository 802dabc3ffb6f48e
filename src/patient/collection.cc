// From a provider's results to outcomes: download, make durable, read line by line, settle in groups.
//
// Whatever the files hold (any order, duplicates, strangers' lines, cut-off lines, nothing at all), each
// request gets one outcome and each charge that was reported is booked once. A crash anywhere in
// between means that the batch is collected again; what was settled stays as it is.
#include <algorithm>
#include <deque>

#include "patient/core.h"
#include "patient/results_found.h"
#include "patient/trouble.h"
#include "wire/jsonl.h"

namespace twolane::patient {

using dialect::Output;
using dialect::ResultLine;

constexpr size_t lines_at_once = 10'000;  // a transaction waits for the disk
constexpr size_t piece_bytes = 1 << 20;
constexpr size_t longest_line = 256 << 20;
constexpr int most_failures = 6;  // downloads in a row, before its results are taken for lost
// Waits before results that lack something are collected again: a file may come late.
constexpr Duration patience[] = {minutes(1), minutes(4), minutes(12)};

void Engine::Core::collect(BatchAtWork& batch, size_t output) {
  if (stopping || broken) return;
  if (batch.refresh) return poll(batch);
  const ResultsFound found = results_found_from_json(batch.row.outputs);
  if (output >= found.outputs.size()) return close_collection(batch);
  download(batch, output, found.outputs[output]);
}

void Engine::Core::download(BatchAtWork& batch, size_t output, Output what) {
  const SegmentId segment_id{world.random() | 1};
  auto created = payloads.create(segment_id);
  if (!created) return broke(created.error());
  auto segment = std::shared_ptr<store::Segment>(std::move(*created));
  const bool in_poll = what.kind == Output::Kind::in_poll;
  const dialect::Access& access = batch.line->account.access;
  wire::HttpCall http = in_poll ? batch.line->api->poll_call(access, batch.spec, batch.row.provider_id)
                                : batch.line->api->collect_call(access, batch.spec, batch.row.provider_id, what);
  if (!in_poll)
    http.sink = [segment](std::string_view piece) -> Status {
      TRY(segment->append(piece));
      return {};
    };
  batch.busy = true;
  call(std::move(http), [this, id = batch.row.id, output, segment, in_poll](wire::HttpResult result) {
    BatchAtWork& b = batches.at(id);
    b.busy = false;
    const wire::HttpReply* reply = result.reply();
    Status got = reply != nullptr && reply->status / 100 == 2 ? Status{} : fail("", "");
    if (got && in_poll) {
      auto text = reply->body.text();
      auto lines = text ? b.line->api->split_inline(*text) : Result<std::string>(fail(text.error()));
      if (lines) {
        auto slice = segment->append(*lines);
        got = slice ? Status{} : fail(slice.error());
      } else {
        got = fail(lines.error());
      }
    }
    if (!got) {
      ok(payloads.remove(segment->id()));
      return collection_failed(b, result);
    }
    if (!ok(segment->sync())) return;
    collected(b, output, segment->id(), segment->size());
  });
}

void Engine::Core::collection_failed(BatchAtWork& batch, const wire::HttpResult& result) {
  if (++batch.failures <= most_failures) {
    Duration wait = backoff(batch.failures);
    if (const wire::HttpReply* reply = result.reply())
      wait = std::max(wait, batch.line->api->read_refusal(*reply).retry_after.value_or(Duration{0}));
    return later(batch, wait);
  }
  batch.failures = 0;
  close_collection(batch);
}

void Engine::Core::collected(BatchAtWork& batch, size_t output, SegmentId segment, int64_t bytes) {
  const int64_t ours_before = batch.ours;
  if (Status read = read_results(batch, segment, bytes); !read) return broke(read.error());
  if (broken) return;
  // A file without a line of ours is nobody's: no row refers to it.
  if (batch.ours == ours_before) ok(payloads.remove(segment));
  batch.failures = 0;
  collect(batch, output + 1);
}

// Reads one results file that is already durable.
Status Engine::Core::read_results(BatchAtWork& batch, SegmentId segment, int64_t bytes) {
  auto source = TRY(payloads.source(segment));
  std::vector<store::Member> members = TRY(store.members(batch.row.id));
  std::vector<store::Settlement> settlements;
  std::vector<store::Member> settled;
  std::deque<ResultLine> kept_lines;  // what the settlements' views point into
  std::deque<std::string> kept_texts;

  auto commit = [&] {
    settle(batch, settlements, settled, nullptr);
    settlements.clear();
    settled.clear();
    kept_lines.clear();
    kept_texts.clear();
  };

  auto take = [&](const wire::Line& line) {
    if (line.text.empty()) return;
    auto read = batch.line->api->read_line(batch.row.endpoint, line.text);
    if (!read) return;  // cut off or corrupt: its request will be missing
    const auto custom_id = dialect::parse_custom_id(read->custom_id);
    const bool known = custom_id && custom_id->token == batch.spec.token && custom_id->position >= 0 &&
                       static_cast<size_t>(custom_id->position) < members.size();
    if (!known) {
      ++batch.strange;
      return;
    }
    ++batch.ours;
    store::Member& m = members[static_cast<size_t>(custom_id->position)];
    if (m.attempt != AttemptState::running && m.attempt != AttemptState::unconfirmed) return;

    kept_lines.push_back(std::move(*read));
    const ResultLine& result = kept_lines.back();
    Heard heard;
    switch (result.kind) {
      case ResultLine::Kind::answer: heard.what = Heard::What::answer; break;
      case ResultLine::Kind::error: heard.what = Heard::What::error; break;
      case ResultLine::Kind::expired: heard.what = Heard::What::expired; break;
      case ResultLine::Kind::cancelled: heard.what = Heard::What::cancelled; break;
    }
    heard.verdict = result.refusal.verdict;
    heard.charged = result.charged;
    // The content that it named was gone: it never ran, and goes again without.
    if (heard.what == Heard::What::error && dialect::says_content_gone(result.refusal)) {
      heard = {Heard::What::never_ran, {}, false, false};
      jobs.at(m.job).contents_gone = true;
    }
    store::Settlement s = patient::settle(m, heard, circumstances(m));
    if (s.state == m.attempt) return;  // unconfirmed before, and no clearer now
    s.key = {batch.row.id, m.position};
    s.response_id = result.response_id;
    s.http_status = result.http_status;
    s.served = ServiceTier::batch;
    if (result.charged) price(s, batch, ServiceTier::batch, result.usage);
    if (heard.what == Heard::What::answer) {
      s.result = {segment, line.offset + (result.body.data() - line.text.data()),
                  static_cast<int64_t>(result.body.size())};
    } else {
      s.error = kept_texts.emplace_back(result.refusal.json);
    }
    settlements.push_back(s);
    settled.push_back(m);
    m.attempt = s.state;
    if (s.request) m.request = *s.request;
    if (settlements.size() >= lines_at_once) commit();
  };

  wire::LineSplitter splitter(longest_line);
  std::string piece(piece_bytes, '\0');
  for (int64_t at = 0; at < bytes && !broken;) {
    const size_t got = TRY(source->read(at, piece.data(), piece.size()));
    if (got == 0) break;
    at += static_cast<int64_t>(got);
    splitter.feed(std::string_view(piece).substr(0, got));
    while (auto line = splitter.next()) take(*line);
  }
  if (auto line = splitter.finish()) take(*line);
  if (!settlements.empty()) commit();
  batch.unheard = std::ranges::count(members, AttemptState::running, &store::Member::attempt);
  if (batch.ours > 0) batch.row.settled_some = true;
  return {};
}

// Every file was read. What no file speaks of is asked for again a few times, then placed elsewhere.
void Engine::Core::close_collection(BatchAtWork& batch) {
  const ResultsFound found = results_found_from_json(batch.row.outputs);
  if (batch.ours == 0 && batch.strange > 0 && !batch.line->entry->batch.lists_token && !batch.row.settled_some)
    return not_ours(batch);
  int64_t waiting = 0;
  if (batch.unheard != 0) {
    auto members = store.members(batch.row.id);
    if (!members) return broke(members.error());
    waiting = std::ranges::count(*members, AttemptState::running, &store::Member::attempt);
  }
  Heard rest{Heard::What::missing, dialect::Verdict::unavailable, false, true};
  // Elsewhere every request gets a line, run or not: no line means that it was lost, and may be billed.
  if (batch.line->entry->batch.silent_end && found.outputs.empty()) {
    if (found.cancelled) rest.what = Heard::What::cancelled;
    if (found.expired) rest.what = Heard::What::expired;
  }
  if (waiting > 0 && rest.what == Heard::What::missing && !batch.given_up &&
      batch.collections < static_cast<int>(std::size(patience))) {
    batch.refresh = true;
    batch.ours = 0;
    return later(batch, patience[batch.collections++]);
  }
  const std::set<JobId> touched = batch.jobs;
  note({}, "batch " + batch.row.provider_id + " ended: " + std::to_string(batch.row.requests - waiting) +
               " of " + std::to_string(batch.row.requests) + " heard of");
  if (!may_step(batch_steps, batch.row.state, BatchState::settled)) return;
  batch.row.state = BatchState::settled;
  learn_from(batch, !found.cancelled && !found.expired && !batch.given_up);
  Error lost;
  lost.code = "provider.missing";
  lost.message = "no result came for it";
  const std::string why = trouble_to_json(lost);
  if (!settle_rest(batch, rest, rest.what == Heard::What::missing ? why : std::string())) return;
  tell_plan(batch);
  for (const JobId id : touched) conclude(id);
  advance(batch.row.id);
}

// Found by its count of requests, but its results are somebody else's: the search goes on.
void Engine::Core::not_ours(BatchAtWork& batch) {
  batch.not_ours.insert(batch.row.provider_id);
  batch.row.provider_id.clear();
  batch.row.outputs.clear();
  batch.row.said.clear();
  batch.row.ended = {};
  batch.strange = 0;
  if (save(batch, BatchState::doubtful)) later(batch, Duration{0});
}

}  // namespace twolane::patient
