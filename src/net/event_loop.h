// What everything on sockets shares: one io_context with its tasks and deadlines.
//
// Tasks: every coroutine is spawned here and counted, so that the loop knows when none is left.
// Deadlines: timeouts are fields that one timer looks through a few times a second; arming a kernel
// timer for each operation costs more than the operation (about 9 us of 25 per request on a virtual
// machine). Threads: one.
#pragma once

#include <boost/intrusive/list.hpp>
#include <functional>
#include <vector>

#include "base/time.h"
#include "net/asio.h"

namespace twolane::net {

class EventLoop;

using ListHook =
    boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

// Real time as of the kernel's last tick, some milliseconds ago: for limits of time, at a fraction of
// what Clock::now() costs. A request sets a dozen of them.
Clock::time_point lately();

// A point in real time after which `expired` is called, late by at most one sweep. It is called
// once for each time it was set, never from within a member.
class Deadline : public ListHook {
 public:
  Deadline(EventLoop& loop, std::function<void()> expired)
      : loop_(loop), expired_(std::move(expired)) {}
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  void in(Duration from_now);
  void clear() { unlink(); }

 private:
  friend class EventLoop;
  EventLoop& loop_;
  std::function<void()> expired_;
  Clock::time_point at_;
};

// Something that happens once, for coroutines to wait for.
class Signal {
 public:
  explicit Signal(EventLoop& loop) : loop_(loop) {}
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

  void set();  // waiters go on later, not from within
  bool is_set() const { return set_; }
  Awaitable<void> wait();  // returns at once if it has happened

 private:
  EventLoop& loop_;
  bool set_ = false;
  std::vector<std::move_only_function<void()>> waiters_;
};

class EventLoop {
 public:
  explicit EventLoop(Duration sweep) : sweep_(sweep) {}
  ~EventLoop();

  asio::io_context& io() { return io_; }
  // Starts a task. Its exceptions leave the call that runs the loop.
  void spawn(Awaitable<void> task);
  // Calls `then` later, unless the loop is ending by then.
  void post(std::move_only_function<void()> then);
  // Everyone who waits must now be let go: post() is deaf and new tasks should not begin.
  bool ending() const { return ending_; }
  // Runs until no task is left. The owners of sockets and signals have let go of them before.
  void end();

  std::function<Time()> now;  // the time of the world, for dates in messages

 private:
  friend class Deadline;
  void arm_sweep();
  void sweep();

  using Deadlines = boost::intrusive::list<Deadline, boost::intrusive::constant_time_size<false>>;

  Duration sweep_;
  Deadlines deadlines_;
  int64_t tasks_ = 0;
  bool ending_ = false;
  bool sweeping_ = false;
  // Sockets are used by this loop's thread only, so they need no locks; posts from others do.
  asio::io_context io_{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO};
  Alarm sweep_alarm_{io_.get_executor()};
};

}  // namespace twolane::net
