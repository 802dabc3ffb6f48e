#include "patient/filling.h"

#include <algorithm>

#include "price/price.h"

namespace twolane::patient {

constexpr int64_t rows_at_once = 4096;
constexpr size_t piece_bytes = 256 << 10;
constexpr int64_t batches_in_quota = 4;     // what one gives back when it ends is shared anew

bool goes_inline(const BatchAtWork& batch) {
  if (batch.line->api->upload_call == nullptr) return true;
  // The array form is a little longer than the lines; stay clear of the limit.
  return batch.row.bytes + batch.row.requests * 64 < batch.line->entry->batch.inline_bytes * 9 / 10;
}

Filling::Filling(Engine::Core& core, Line& line, const plan::Pack& action, const plan::Lane& lane, BatchId id,
                 TokenRoom room)
    : core_(core), line_(line), action_(action), lane_(lane),
      spec_{id.hex(), lane.endpoint, lane.model, 0},
      file_form_(line.api->upload_call != nullptr) {
  const dialect::BatchLimits& limits = line.entry->batch;
  most_requests_ = limits.requests > 0 ? limits.requests : std::numeric_limits<int64_t>::max();
  if (core.settings.batch_requests > 0) most_requests_ = std::min(most_requests_, core.settings.batch_requests);
  if (action.batch_requests > 0) most_requests_ = std::min(most_requests_, action.batch_requests);
  most_bytes_ = limits.bytes;
  token_room_ = room.left;
  most_tokens_ = room.limit / batches_in_quota;
}

Status Filling::fill() {
  spool_ = TRY(core_.payloads.create(spool_segment({*BatchId::from_hex(spec_.token)})));
  shares_ = TRY(shares_of(core_, action_, {most_requests_, std::min(token_room_, most_tokens_)}));
  for (const plan::Portion& p : action_.portions) {
    auto at_work = core_.jobs.find(p.job);
    if (at_work == core_.jobs.end()) continue;
    CHECKED(take_from(at_work->second, at_work->second.shapes[static_cast<size_t>(p.shape)], p.most));
    if (stop_ == Stop::full || stop_ == Stop::quota) break;
  }
  if (!piece_.empty()) TRY(spool_->append(piece_));
  CHECKED(make_count_unique());
  return spool_->flush();
}

Status Filling::take_from(JobAtWork& job, ShapeAtWork& shape, int64_t most) {
  const int64_t until = static_cast<int64_t>(placements_.size()) + most;
  for (int64_t from = 0;;) {
    auto rows = TRY(core_.store.open_requests(job.job.id, shape.shape.number, from, rows_at_once));
    if (rows.empty()) return {};
    const int64_t last = rows.back().index;
    CHECKED(job.input.put_heads_together(rows));
    for (const RequestRow& row : rows) {
      if (static_cast<int64_t>(placements_.size()) >= until) return {};
      if (!take(job, shape, row)) return std::move(failure_);
    }
    if (rows.size() < static_cast<size_t>(rows_at_once)) return {};
    from = last + 1;
  }
}

// False where this job or the batch can take no more.
bool Filling::take(JobAtWork& job, ShapeAtWork& shape, const RequestRow& row) {
  if (static_cast<int64_t>(placements_.size()) >= most_requests_) return stop_ = Stop::full, false;
  auto rendered = core_.render(job, row, lane_.endpoint, lane_.model);
  if (!rendered) {  // it cannot be said there: refused before it is bought
    core_.close_open(job, shape.shape.number, row.index, RequestState::failed, rendered.error());
    return !core_.broken;
  }
  const int64_t tokens = quota_tokens(rendered->input_bound);
  if (tokens_ + tokens > token_room_) return stop_ = Stop::quota, false;
  if (tokens_ + tokens > most_tokens_ && !placements_.empty()) return stop_ = Stop::full, false;
  if (has_had_its_share(job, tokens)) return stop_ = Stop::share, false;

  PicoUsd reserve;
  if (auto bound = price::bound({lane_.provider, lane_.model}, ServiceTier::batch,
                                rendered->input_bound, row.output_bound, {.at = core_.now()}))
    reserve = *bound;
  const Totals& t = job.job.totals;
  PicoUsd& spent = spent_[job.job.id];
  if (job.job.cap && t.cost + t.reserved + t.unconfirmed + spent + reserve > *job.job.cap) {
    job.capped = true;
    stop_ = Stop::cap;
    return false;
  }

  request_.clear();
  line_.api->append_request(request_, spec_,
                            dialect::custom_id_of(spec_.token, static_cast<int32_t>(placements_.size())),
                            rendered->body, !file_form_, placements_.empty());
  const auto length = static_cast<int64_t>(request_.size());
  if (bytes_ + length > most_bytes_ && !placements_.empty()) return stop_ = Stop::full, false;
  piece_ += request_;
  bytes_ += length;
  tokens_ += tokens;
  spent += reserve;
  placements_.push_back({job.job.id, row.index, reserve});
  shapes_.push_back(shape.shape.number);
  ends_.push_back(bytes_);
  if (const CacheMark* mark = job.input.last_mark()) count_head(*mark, row);
  ++taken_[{job.job.id, shape.shape.number}];
  if (!shares_.empty()) {
    Room& share = shares_[tenant_of(job.terms.owner)];
    --share.requests;
    share.tokens -= tokens;
    shared_.insert(tenant_of(job.terms.owner));
  }
  if (piece_.size() >= piece_bytes) {
    if (auto written = spool_->append(piece_); !written) return failure_ = fail(written.error()), false;
    piece_.clear();
  }
  return true;
}

// Few: requests that share a head lie side by side.
void Filling::count_head(const CacheMark& mark, const RequestRow& row) {
  if (mark.way != price::CacheWay::explicit_) return;
  const auto known = std::find_if(heads_.rbegin(), heads_.rend(), [&](const MarkedHead& h) {
    return h.job == row.job && h.hash == mark.head;
  });
  if (known != heads_.rend()) return void(++known->requests);
  heads_.push_back({row.job, mark.head, mark.tokens, 1, row});
}

// Everybody's first request goes in, however small the shares are.
bool Filling::has_had_its_share(const JobAtWork& job, int64_t tokens) {
  if (shares_.empty()) return false;
  const uint32_t tenant = tenant_of(job.terms.owner);
  const Room& share = shares_[tenant];
  return shared_.contains(tenant) && (share.requests <= 0 || share.tokens < tokens);
}

// Where a provider's list does not show our token, a lost batch is found by its count of requests, which
// must then differ from every other batch whose fate is open.
Status Filling::make_count_unique() {
  if (line_.entry->batch.lists_token) return {};
  auto used = [&](size_t count) {
    return std::any_of(core_.batches.begin(), core_.batches.end(), [&](const auto& entry) {
      const BatchAtWork& b = entry.second;
      return !b.wave() && b.line == &line_ && b.row.provider_id.empty() &&
             b.row.requests == static_cast<int64_t>(count);
    });
  };
  size_t count = placements_.size();
  while (count > 0 && used(count)) --count;
  if (count == placements_.size()) return {};
  while (placements_.size() > count) {
    --taken_[{placements_.back().job, shapes_.back()}];
    placements_.pop_back();
    shapes_.pop_back();
    ends_.pop_back();
  }
  bytes_ = ends_.empty() ? 0 : ends_.back();
  stop_ = Stop::quota;
  exact_ = false;  // the spool is longer: it is written again from the members
  return {};
}

void Filling::took(Engine::Core& core) {
  for (const auto& [key, n] : taken_) {
    ShapeAtWork& shape = core.jobs.at(key.first).shapes[static_cast<size_t>(key.second)];
    shape.open -= n;
    core.tell_plan(core.jobs.at(key.first), shape);
  }
}

}  // namespace twolane::patient
