// Takes one job to its end.
#include "app/drive.h"

#include <algorithm>
#include <thread>

#include "app/errors_shown.h"
#include "app/signals.h"
#include "app/summary.h"

namespace twolane::app {
namespace {

using Steady = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr auto between_words = milliseconds(250);
constexpr auto between_shows = seconds(1);
constexpr auto patience = seconds(10);  // with calls in flight, after Ctrl-C

// What no waiting mends, although the engine would: another account, no key.
bool needs_its_user(const Error& held) { return held.code.starts_with("provider."); }

}  // namespace

Driver::Driver(RunWorld& world, store::Home& home, Display& display, patient::Settings settings)
    : world_(world),
      home_(home),
      display_(display),
      engine_(world.world(), home.store(), home.payloads(), std::move(settings),
              [this](const patient::Notice& notice) { display_.change(notice.at, notice.text); }) {}

Driven Driver::drive(JobId job, Watcher& watcher) {
  return drive_until(job, watcher, [this, job] { return engine_.finished(job); });
}

Driven Driver::drive_until(JobId job, Watcher& watcher, const std::function<bool()>& done) {
  const auto pause = [&] { return done() || engine_.broken() || interrupts() > 0; };
  for (;;) {
    const bool alive = world_.run_for(milliseconds(100), pause);
    if (auto end = beat(job, watcher)) return *end;
    if (done()) {
      Driven driven;
      driven.error = engine_.held(job);
      return driven;
    }
    if (alive) continue;
    const auto row = watcher.job();
    if (!row) return {false, row.error()};
    if (row->state == JobState::paused || engine_.held(job)) {
      std::this_thread::sleep_for(between_words);  // only a word of another process goes on from here
      continue;
    }
    Error defect;
    defect.code = "internal.stuck";
    defect.message = "nothing is due any more, but the job is not done";
    defect.why = "this is a defect of twolane; nothing is lost";
    defect.next = {"run it again, and report what was printed"};
    return {false, defect};
  }
}

std::optional<Driven> Driver::beat(JobId job, Watcher& watcher) {
  const auto now = Steady::now();
  if (interrupts() > 0) return leave(job, watcher);
  if (now >= next_words_) {
    next_words_ = now + between_words;
    obey_words();
    if (const auto status = world_.remember(home_.store()); !status) failed_ = status.error();
  }
  if (const auto broken = engine_.broken()) return Driven{false, broken};
  if (failed_) return Driven{false, failed_};
  if (const auto held = engine_.held(job); held && needs_its_user(*held)) {
    engine_.stop();
    return Driven{false, held};
  }
  say_held(job);
  if (now >= next_show_ && display_.wants_ticks()) show(watcher);
  return std::nullopt;
}

// What holds the job waits for its user, so it is said in full, once. (A cap is the end, which says more.)
void Driver::say_held(JobId job) {
  const auto held = engine_.held(job);
  const std::string code = held ? held->code : "";
  if (held && code != held_code_ && code != "money.cap") display_.warn(shown_held(*held));
  held_code_ = code;
}

void Driver::show(Watcher& watcher) {
  const auto before = Steady::now();
  if (const auto snapshot = watcher.look(&engine_, world_.shown_now())) display_.tick(*snapshot);
  const auto after = Steady::now();
  // Looking at a huge job takes a while: never more than a twentieth of the time.
  next_show_ = after + std::max<Steady::duration>(between_shows, (after - before) * 20);
}

Driven Driver::leave(JobId job, Watcher& watcher) {
  engine_.stop();
  if (!engine_.quiet())
    display_.warn("^C stopping: calls in flight are heard, up to 10 s (Ctrl-C again: leave now, as safe)");
  const auto until = Steady::now() + patience;
  while (!engine_.quiet() && interrupts() < 2 && Steady::now() < until && !engine_.broken())
    if (!world_.run_for(milliseconds(100), [this] { return engine_.quiet() || interrupts() > 1; })) break;
  Driven driven;
  if (const auto status = world_.remember(home_.store()); !status) driven.error = status.error();
  driven.interrupted = !engine_.finished(job);
  if (const auto snapshot = watcher.look(&engine_, world_.shown_now())) display_.tick(*snapshot);
  return driven;
}

void Driver::obey_words() {
  const auto words = home_.store().words();
  if (!words) {
    failed_ = words.error();
    return;
  }
  for (const auto& word : *words) {
    obey(word);
    if (const auto dropped = home_.store().drop_word(word.id); !dropped) failed_ = dropped.error();
    if (failed_) return;
  }
}

void Driver::obey(const store::Word& word) {
  const Status obeyed = word.verb == "forget" ? home_.forget(word.job) : engine_.obey(word);
  const std::string what = word.verb + ' ' + short_name(word.job);
  if (obeyed) display_.change(world_.shown_now(), what + ": done as another process asked");
  else display_.warn(shown(obeyed.error()));
}

void Driver::settle_down() {
  const auto until = Steady::now() + seconds(3);
  while (!engine_.quiet() && interrupts() == 0 && Steady::now() < until)
    if (!world_.run_for(milliseconds(100), [this] { return engine_.quiet() || interrupts() > 0; })) break;
  engine_.stop();
  // A clock that is not remembered would stand a little earlier next time, which is no reason to fail.
  (void)world_.remember(home_.store()).has_value();
}

}  // namespace twolane::app
