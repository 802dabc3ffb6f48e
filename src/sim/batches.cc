// Times are computed from a plan drawn at creation; results are made in one pass over the input.

#include "sim/batches.h"

#include <algorithm>
#include <cmath>

#include "base/money.h"
#include "sim/cached_contents.h"
#include "sim/json_text.h"
#include "sim/lines.h"

namespace twolane::sim {

using How = BatchEnd::How;

Batches::Batches(const Scenario& scenario, uint64_t seed, State& state, Storage& storage)
    : scenario_(scenario), seed_(mix(seed, 0xBA7C4)), state_(state), storage_(storage) {}

bool Batches::is_slow_day(Time at) const {
  const Draw day{mix(seed_, static_cast<uint64_t>(at.ms / days(1).ms))};
  return day.hits(scenario_.slow_days, Chance::slow_day);
}

Plan Batches::plan(uint64_t number, Time created, Duration window) const {
  const Draw draw{mix(seed_, number)};
  Plan p;
  p.draw = draw.base;
  p.validated = created + scenario_.validation;
  double takes = static_cast<double>(scenario_.median.ms) *
                 std::exp(scenario_.sigma * draw.normal(Chance::completion));
  if (is_slow_day(created)) takes *= scenario_.slow_factor;
  p.takes = milliseconds(static_cast<int64_t>(std::clamp(takes, 0.0, 1e12)));
  p.stuck = draw.hits(scenario_.stuck, Chance::stuck);
  p.stuck_waiting = p.stuck && draw.hits(0.5, Chance::stuck_pending);
  p.window_ends = created + window;
  return p;
}

Time Batches::cancel_effect(const Batch& batch, Time now) const {
  const Draw draw{batch.plan.draw};
  const double more = std::max<double>(
      0, static_cast<double>((scenario_.cancel_lag_most - scenario_.cancel_lag).ms));
  return now + scenario_.cancel_lag +
         milliseconds(static_cast<int64_t>(more * draw.uniform(Chance::cancel_lag)));
}

Time Batches::ends_at(const Batch& b) const {
  if (b.end) return b.end->at;
  if (!b.faults.empty()) return b.plan.validated;
  const bool openai = b.provider == Provider::openai;
  Time end = b.plan.window_ends;
  const bool cancelled = b.cancel_asked.ms > 0;
  if (cancelled) end = std::min(end, b.cancel_takes_effect);
  if (b.plan.stuck || (openai && cancelled)) return end;
  const Time answered = b.plan.validated + b.plan.takes;
  if (answered >= b.plan.window_ends) return end;
  return std::min(end, answered + (openai ? scenario_.finalizing : Duration{}));
}

int64_t Batches::done_by(const Batch& b, Time now) const {
  if (b.end) return b.end->answered + b.end->errored;
  if (b.plan.stuck || b.plan.takes.ms <= 0 || now < b.plan.validated) return 0;
  const double share =
      static_cast<double>((now - b.plan.validated).ms) / static_cast<double>(b.plan.takes.ms);
  return static_cast<int64_t>(static_cast<double>(b.requests) *
                              std::clamp(2 * share - 1, 0.0, 1.0));
}

int64_t Batches::enqueued(Provider provider, std::string_view account, std::string_view model,
                          Time now) const {
  int64_t sum = 0;
  for (const Batch* b : state_.unfinished())
    if (b->provider == provider && b->account == account && b->model == model && !ended(*b, now))
      sum += b->tokens;
  return sum;
}

Status Batches::bring_up_to(Time now) {
  CHECKED(bill_expired(state_, storage_, now));
  std::vector<std::pair<Time, Batch*>> due;
  for (Batch* b : state_.unfinished())
    if (ended(*b, now)) due.emplace_back(ends_at(*b), b);
  if (due.empty()) return {};
  std::sort(due.begin(), due.end(), [](const auto& a, const auto& b) {
    return std::pair(a.first, a.second->number) < std::pair(b.first, b.second->number);
  });
  for (auto [at, b] : due) CHECKED(settle(*b, at));
  return {};
}

// --- the making of results

namespace {

// A result file being written. Lines are shuffled within blocks of a thousand, which is all of a
// small batch, so that memory does not grow with a large one.
class ResultFile {
 public:
  ResultFile(bool shuffled, Draw draw) : shuffled_(shuffled), random_(draw.bits(Chance::shuffle)) {}

  std::string& buffer() { return lines_; }
  // What was appended to buffer() since the last call is one line.
  Status close_line(Storage& storage, const std::string& name) {
    lines_ += '\n';
    ends_.push_back(lines_.size());
    return ends_.size() >= 1024 || lines_.size() > (1 << 20) ? flush(storage, name) : Status();
  }
  // The last line once more.
  void repeat() {
    const size_t from = ends_.size() > 1 ? ends_[ends_.size() - 2] : 0;
    const std::string line = lines_.substr(from);
    lines_ += line;
    ends_.push_back(lines_.size());
  }
  Status flush(Storage& storage, const std::string& name) {
    if (ends_.empty()) return {};
    if (!blob_) blob_ = TRY(storage.create(name));
    Status written = shuffled_ ? blob_->append(shuffle()) : blob_->append(lines_);
    lines_.clear();
    ends_.clear();
    return written;
  }
  int64_t size() const { return blob_ ? blob_->size() : 0; }

 private:
  const std::string& shuffle() {
    order_.resize(ends_.size());
    for (size_t i = 0; i < order_.size(); ++i) order_[i] = static_cast<uint32_t>(i);
    for (size_t i = order_.size(); i > 1; --i) {
      random_ = mix(random_);
      std::swap(order_[i - 1], order_[random_ % i]);
    }
    out_.clear();
    for (uint32_t i : order_) {
      const size_t from = i > 0 ? ends_[i - 1] : 0;
      out_.append(lines_, from, ends_[i] - from);
    }
    return out_;
  }

  bool shuffled_;
  uint64_t random_;
  std::string lines_, out_;
  std::vector<size_t> ends_;
  std::vector<uint32_t> order_;
  std::unique_ptr<Blob> blob_;
};

How how_it_ended(const Batch& b, Time at) {
  if (!b.faults.empty()) return How::failed;
  const bool cancelled = b.cancel_asked.ms > 0 && b.cancel_takes_effect <= at;
  if (b.provider == Provider::gemini) {
    if (cancelled && (at < b.plan.validated || b.plan.stuck_waiting)) return How::cancelled;
    return at >= b.plan.window_ends ? How::expired : How::completed;
  }
  if (cancelled) return How::cancelled;
  return at >= b.plan.window_ends ? How::expired : How::completed;
}

}  // namespace

class Batches::Settling {
 public:
  Settling(Batches& batches, Batch& batch, Time at)
      : my_(batches),
        s_(batches.scenario_),
        b_(batch),
        format_(*batches.formats[static_cast<int>(batch.provider)]),
        at_(at),
        at_text_(rfc3339(at)),
        output_(s_.shuffled, Draw{batch.plan.draw}),
        errors_(s_.shuffled, Draw{mix(batch.plan.draw)}) {
    end_.at = at;
    end_.how = how_it_ended(batch, at);
  }

  Status run() {
    const bool results = end_.how != How::failed &&
                         !(end_.how == How::cancelled && b_.provider == Provider::gemini) &&
                         (end_.how != How::expired || format_.expiry_leaves_results());
    if (results) CHECKED(each_line());
    CHECKED(output_.flush(my_.storage_, b_.output_blob()));
    CHECKED(errors_.flush(my_.storage_, b_.error_blob()));
    CHECKED(my_.storage_.charge(ledger_));
    end_.output_bytes = output_.size();
    end_.error_bytes = errors_.size();
    return my_.state_.end(b_, end_);
  }

 private:
  Status each_line() {
    Lines lines(TRY(my_.storage_.read(b_.input)));
    std::string_view text;
    uint64_t number = 0;
    while (TRY(lines.next(text))) {
      if (text.empty() || text == "\r") continue;
      line_.draw = Draw{mix(b_.plan.draw, ++number)};
      if (my_.parser_.parse(text.data(), text.size(), false).get(line_.json))
        continue;  // refused at creation
      line_.at = std::min(served_at(), at_);
      format_.read(b_, line_);
      CHECKED(one());
      if (ledger_.size() < (256 << 10)) continue;
      CHECKED(my_.storage_.charge(ledger_));
      ledger_.clear();
    }
    return {};
  }

  // When the request's turn comes.
  Time served_at() const {
    const double share = 0.5 + 0.5 * line_.draw.uniform(Chance::finish);
    return b_.plan.validated +
           milliseconds(static_cast<int64_t>(static_cast<double>(b_.plan.takes.ms) * share));
  }

  bool reached() const {
    if (b_.plan.stuck) return false;
    if (end_.how == How::completed && b_.cancel_asked.ms == 0) return true;
    if (end_.how == How::expired && s_.expired_share > 0)
      return !line_.draw.hits(s_.expired_share, Chance::expired);
    return served_at() <= at_;
  }

  Fate fate_of() {
    if (!reached()) return end_.how == How::expired ? Fate::expired : Fate::cancelled;
    if (line_.ask.refusal) return Fate::refused;
    if (line_.draw.hits(s_.request_error, Chance::request_error)) {
      line_.ask.refusal = format_.mishap(false, line_.draw);
      return Fate::refused;
    }
    if (line_.draw.hits(s_.request_server_error, Chance::server_error)) {
      line_.ask.refusal = format_.mishap(true, line_.draw);
      return Fate::server_error;
    }
    return Fate::answered;
  }

  // Only OpenAI's error lines are known to cost something now and then.
  bool billed(Fate fate) const {
    if (fate == Fate::answered) return true;
    return fate == Fate::server_error && b_.provider == Provider::openai && line_.ask.model &&
           line_.draw.hits(s_.billed_failure, Chance::billed);
  }

  Status one() {
    const Fate fate = fate_of();
    count(fate);
    line_.has_usage = false;
    const bool charge = billed(fate);
    if (charge) {
      my_.answerer_.answer(line_.ask, ServiceTier::batch, cache_, s_.cache_hits, line_.draw,
                           line_.said);
      line_.has_usage = fate == Fate::server_error && line_.draw.hits(0.5, Chance::billed_usage);
    }
    format_.name(b_, fate, line_);
    if (charge) {
      append_charge(ledger_, {b_.provider, b_.account, line_.response_id, line_.key, b_.id,
                              at_text_, line_.ask.model, ServiceTier::batch, line_.said.usage, at_,
                              s_.billing});
      add_usage();
    }
    return write(fate);
  }

  Status write(Fate fate) {
    const bool to_errors = fate != Fate::answered && format_.two_files();
    ResultFile& file = to_errors ? errors_ : output_;
    const std::string name = to_errors ? b_.error_blob() : b_.output_blob();
    if (line_.draw.hits(s_.foreign_line, Chance::foreign)) CHECKED(write_foreign(fate, file, name));
    if (line_.draw.hits(s_.missing_line, Chance::missing)) return {};
    const size_t from = file.buffer().size();
    format_.write(b_, fate, line_, at_, file.buffer());
    // Results that come inside of a JSON answer cannot be cut off one by one: there it is missing.
    if (line_.draw.hits(s_.corrupt_line, Chance::corrupt)) {
      const size_t length = file.buffer().size() - from;
      const bool inside = b_.provider == Provider::gemini && b_.is_inline();
      const auto share = 0.2 + 0.7 * line_.draw.uniform(Chance::cut_at);
      file.buffer().resize(from +
                           (inside ? 0 : static_cast<size_t>(static_cast<double>(length) * share)));
      if (inside) return {};
    } else if (line_.draw.hits(s_.duplicate_line, Chance::duplicate)) {
      CHECKED(file.close_line(my_.storage_, name));
      if (file.buffer().empty()) return {};  // just flushed
      file.repeat();
      return {};
    }
    return file.close_line(my_.storage_, name);
  }

  // The same answer under an id that nobody asked for.
  Status write_foreign(Fate fate, ResultFile& file, const std::string& name) {
    const std::string_view key = line_.key;
    std::string id = std::move(line_.response_id);
    foreign_ = "req-";
    append_lower_id(foreign_, line_.draw.bits(Chance::foreign), 12);
    line_.key = foreign_;
    line_.response_id = id;
    if (!line_.response_id.empty()) {
      line_.response_id.resize(line_.response_id.size() -
                               std::min<size_t>(8, line_.response_id.size()));
      append_id(line_.response_id, mix(line_.draw.bits(Chance::foreign)), 8);
    }
    format_.write(b_, fate, line_, at_, file.buffer());
    line_.key = key;
    line_.response_id = std::move(id);
    return file.close_line(my_.storage_, name);
  }

  void count(Fate fate) {
    switch (fate) {
      case Fate::answered:
        ++end_.answered;
        return;
      case Fate::refused:
      case Fate::server_error:
        ++end_.errored;
        return;
      case Fate::cancelled:
        ++end_.cancelled;
        return;
      case Fate::expired:
        ++end_.expired;
        return;
    }
  }

  void add_usage() {
    const Usage& u = line_.said.usage;
    end_.usage.fresh += u.fresh;
    end_.usage.cache_read += u.cache_read;
    end_.usage.cache_write_5m += u.cache_write_5m;
    end_.usage.cache_write_1h += u.cache_write_1h;
    end_.usage.output += u.output;
    end_.usage.reasoning += u.reasoning;
  }

  Batches& my_;
  const Scenario& s_;
  Batch& b_;
  const BatchFormat& format_;
  Time at_;
  std::string at_text_;
  BatchEnd end_;
  Line line_;
  PrefixCache cache_;
  ResultFile output_, errors_;
  std::string ledger_, foreign_;
};

Status Batches::settle(Batch& batch, Time at) { return Settling(*this, batch, at).run(); }

void append_charge(std::string& out, const Charge& c) {
  const PicoUsd usd = charge_for(*c.model, c.tier, c.usage, c.when, c.billing);
  out += "{\"provider\":\"";
  out += name_of(c.provider);
  out += "\",\"account\":\"";
  out += c.account;
  out += "\",\"response_id\":";
  append_quoted(out, c.response_id);
  out += ",\"custom_id\":";
  append_quoted(out, c.custom_id);
  out += ",\"batch\":\"";
  out += c.batch;
  out += "\",\"model\":\"";
  out += c.model->name;
  out += "\",\"tier\":\"";
  out += twolane::name_of(c.tier);
  out += "\",\"usage\":{\"fresh\":";
  append_number(out, c.usage.fresh);
  out += ",\"cache_read\":";
  append_number(out, c.usage.cache_read);
  out += ",\"cache_write_5m\":";
  append_number(out, c.usage.cache_write_5m);
  out += ",\"cache_write_1h\":";
  append_number(out, c.usage.cache_write_1h);
  out += ",\"output\":";
  append_number(out, c.usage.output);
  out += ",\"reasoning\":";
  append_number(out, c.usage.reasoning);
  out += "},\"usd\":\"";
  append_usd(out, usd.n);
  out += "\",\"at\":\"";
  out += c.at;
  out += "\"}\n";
}

void append_storage_charge(std::string& out, const Model& model, std::string_view account,
                           std::string_view name, int64_t token_ms, PicoUsd usd, Time at) {
  out += "{\"provider\":\"";
  out += name_of(model.provider);
  out += "\",\"account\":\"";
  out += account;
  out += "\",\"response_id\":\"";
  out += name;
  out += "\",\"custom_id\":\"\",\"batch\":\"\",\"model\":\"";
  out += model.name;
  out += "\",\"tier\":\"storage\",\"usage\":{\"fresh\":0,\"cache_read\":0,\"cache_write_5m\":0,"
         "\"cache_write_1h\":0,\"output\":0,\"reasoning\":0,\"stored_token_ms\":";
  append_number(out, token_ms);
  out += "},\"usd\":\"";
  append_usd(out, usd.n);
  out += "\",\"at\":\"";
  out += rfc3339(at);
  out += "\"}\n";
}

}  // namespace twolane::sim
