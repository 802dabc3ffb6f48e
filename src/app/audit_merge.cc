// A heap of the files that are open, by the start of the call that each gives next.
#include "app/audit_merge.h"

#include <deque>
#include <functional>
#include <queue>

#include "audit/owned_call.h"

namespace twolane::app {
namespace {

using Columns = std::shared_ptr<const audit::Columns>;

constexpr Time never{INT64_MAX};

// One file at work: calls before `until` go straight through, later ones wait here.
class OneLog final : public audit::Sink {
 public:
  OneLog(size_t place, audit::Sink& sink) : place(place), sink_(sink) {}
  const size_t place;  // in the order of the files

  Status open(const LogFile& file, const Columns& columns, audit::Lengths& lengths) {
    feed_ = TRY(LogFeed::open(file, columns, lengths, *this));
    return {};
  }
  // Reads on until a call waits or the file is over.
  Status fill(Time until) {
    until_ = until;
    while (waiting_.empty() && !over_) over_ = !TRY(feed_->next());
    return {};
  }
  bool has_call() const { return !waiting_.empty(); }
  Time head() const { return waiting_.front().start(); }
  void give() {
    sink_.call(waiting_.front().view());
    waiting_.pop_front();
  }
  audit::FileRead read() const { return feed_->read(); }

  void call(const audit::Call& c) override {
    if (!c.start || (waiting_.empty() && *c.start < until_)) sink_.call(c);
    else waiting_.emplace_back(c);
  }
  void bucket(const audit::Bucket& b) override { sink_.bucket(b); }

 private:
  audit::Sink& sink_;
  std::unique_ptr<LogFeed> feed_;
  Time until_ = never;
  bool over_ = false;
  std::deque<audit::OwnedCall> waiting_;
};

// The dated files of an order, from `from` on.
class Merge {
 public:
  Merge(const std::vector<LogFile>& order, const Columns& columns, audit::Lengths& lengths, audit::Sink& sink,
        std::vector<audit::FileRead>& read)
      : order_(order), columns_(columns), lengths_(lengths), sink_(sink), read_(read) {}

  Status run(size_t from, size_t to) {
    next_ = from, end_ = to;
    while (next_ < end_ || !open_.empty()) {
      CHECKED(open_due());
      if (open_.empty()) break;  // what was left held no calls, only sums
      std::unique_ptr<OneLog> log = std::move(const_cast<std::unique_ptr<OneLog>&>(open_.top().log));
      open_.pop();
      const Time until = std::min(open_.empty() ? never : open_.top().head, next_ < end_ ? *order_[next_].first : never);
      while (log->has_call() && log->head() <= until) log->give();
      CHECKED(put(std::move(log), until));
    }
    return {};
  }

 private:
  struct Open {
    Time head;
    size_t place;
    std::unique_ptr<OneLog> log;
    bool operator>(const Open& o) const { return head != o.head ? head > o.head : place > o.place; }
  };

  // Every file that may hold a call before the earliest one that waits.
  Status open_due() {
    while (next_ < end_ && (open_.empty() || *order_[next_].first <= open_.top().head)) {
      auto log = std::make_unique<OneLog>(next_, sink_);
      CHECKED(log->open(order_[next_], columns_, lengths_));
      ++next_;
      CHECKED(put(std::move(log), Time{INT64_MIN}));
    }
    return {};
  }

  // Back into the heap with its next call, or done with.
  Status put(std::unique_ptr<OneLog> log, Time until) {
    CHECKED(log->fill(until));
    if (!log->has_call()) {
      read_[log->place] = log->read();
      return {};
    }
    const Time head = log->head();
    const size_t place = log->place;
    open_.push({head, place, std::move(log)});
    return {};
  }

  const std::vector<LogFile>& order_;
  const Columns& columns_;
  audit::Lengths& lengths_;
  audit::Sink& sink_;
  std::vector<audit::FileRead>& read_;
  size_t next_ = 0, end_ = 0;
  std::priority_queue<Open, std::vector<Open>, std::greater<>> open_;
};

}  // namespace

Result<std::vector<audit::FileRead>> read_logs(const std::vector<LogFile>& order, const Columns& columns,
                                               audit::Lengths& lengths, audit::Sink& sink) {
  std::vector<audit::FileRead> read(order.size());
  const auto alone = [](const LogFile& f) { return f.serves || !f.first; };
  for (size_t i = 0; i < order.size();) {
    if (alone(order[i])) {
      read[i] = TRY(read_log(order[i], columns, lengths, sink));
      ++i;
      continue;
    }
    size_t end = i;
    while (end < order.size() && !alone(order[end])) ++end;
    CHECKED(Merge(order, columns, lengths, sink, read).run(i, end));
    i = end;
  }
  return read;
}

}  // namespace twolane::app
