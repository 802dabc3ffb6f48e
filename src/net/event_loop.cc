// Tasks, deadlines and signals of one event loop.
#include "net/event_loop.h"

#include <ctime>
#include <exception>
#include <utility>

namespace twolane::net {

Clock::time_point lately() {
  timespec ticked{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &ticked);  // the same clock as std::chrono::steady_clock
  return Clock::time_point(std::chrono::seconds(ticked.tv_sec) +
                           std::chrono::nanoseconds(ticked.tv_nsec));
}

void Deadline::in(Duration from_now) {
  at_ = lately() + real(from_now);
  if (is_linked()) return;
  loop_.deadlines_.push_back(*this);
  loop_.arm_sweep();
}

void Signal::set() {
  if (set_) return;
  set_ = true;
  for (auto& waiter : std::exchange(waiters_, {})) asio::post(loop_.io(), std::move(waiter));
}

Awaitable<void> Signal::wait() {
  if (set_) co_return;
  auto keep = [](auto handler, Signal* signal) {
    signal->waiters_.push_back([h = std::move(handler)]() mutable { std::move(h)(); });
  };
  asio::use_awaitable_t<Executor> token;
  co_await asio::async_initiate<asio::use_awaitable_t<Executor>, void()>(keep, token, this);
}

EventLoop::~EventLoop() { end(); }

void EventLoop::spawn(Awaitable<void> task) {
  ++tasks_;
  asio::co_spawn(io_.get_executor(), std::move(task), [this](std::exception_ptr thrown) {
    --tasks_;
    if (thrown) std::rethrow_exception(thrown);
  });
}

void EventLoop::post(std::move_only_function<void()> then) {
  asio::post(io_, [this, f = std::move(then)]() mutable {
    if (!ending_) f();
  });
}

void EventLoop::end() {
  ending_ = true;
  sweep_alarm_.cancel();
  auto guard = asio::make_work_guard(io_);
  io_.restart();
  while (tasks_ > 0) io_.run_one();
}

void EventLoop::arm_sweep() {
  if (sweeping_ || ending_) return;
  sweeping_ = true;
  sweep_alarm_.expires_after(real(sweep_));
  sweep_alarm_.async_wait([this](ErrorCode) {
    sweeping_ = false;
    if (!ending_) sweep();
  });
}

void EventLoop::sweep() {
  const auto now = lately();
  Deadlines due;
  for (auto it = deadlines_.begin(); it != deadlines_.end();) {
    Deadline& deadline = *it++;
    if (deadline.at_ > now) continue;
    deadline.unlink();
    due.push_back(deadline);
  }
  // One may clear, destroy or move another: those leave `due` by themselves, or go back.
  while (!due.empty()) {
    Deadline& deadline = due.front();
    due.pop_front();
    if (deadline.at_ > now) {
      deadlines_.push_back(deadline);
    } else {
      deadline.expired_();
    }
  }
  if (!deadlines_.empty()) arm_sweep();
}

}  // namespace twolane::net
