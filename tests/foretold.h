// What an engine's planner would do if nothing more were heard: in words, so that two can be compared.
#pragma once

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "patient/core.h"
#include "patient/engine.h"

namespace twolane::patient {

// Looks inside of an engine, for tests.
struct EngineProbe {
  static Engine::Core& core(Engine& engine) { return *engine.core_; }
};

}  // namespace twolane::patient

namespace twolane::seeded {

inline bool has_calls_in_flight(const patient::Engine::Core& core) {
  return std::any_of(core.lines.begin(), core.lines.end(), [](const auto& line) { return line.second.in_flight > 0; });
}

// What a kill changes, done to a planner that is about to be killed: calls in flight are never heard, so
// their requests are open again, and what holds a job is asked anew. Everything else must stay as it is.
// Returns how many calls were in flight.
inline int64_t lose_what_a_kill_loses(patient::Engine::Core& core) {
  std::map<std::pair<JobId, int32_t>, int64_t> lost;
  int64_t calls = 0;
  for (auto& [id, batch] : core.batches) {
    if (!batch.wave()) continue;
    const auto members = core.store.members(id).value();
    for (const auto& m : members) {
      if (m.attempt != AttemptState::running) continue;
      ++calls;
      if (m.current && !core.jobs.at(m.job).cut.contains(m.index)) ++lost[{m.job, m.shape}];
    }
    plan::apply(core.plan, plan::BatchGone{id});
  }
  for (auto& [id, job] : core.jobs) {
    if (core.finished(id)) {  // stopped by its cap: nobody takes it up
      core.forget_stages(id);
      continue;
    }
    job.capped = false;
    job.trouble.reset();
    for (auto& shape : job.shapes) {
      const auto back = lost.find({id, shape.shape.number});
      shape.trying = false;
      if (back == lost.end() || job.job.state == JobState::cancelling) continue;
      if (shape.open == 0 || shape.returned.ms == 0) shape.returned = core.now();
      shape.open += back->second;
    }
    if (job.job.totals.unfinished() > 0) core.tell_plan(job);
  }
  return calls;
}

class Words {
 public:
  explicit Words(const patient::Engine::Core& core) : core_(core) {}

  std::string of(const plan::Action& action) const {
    return std::visit([this](const auto& a) { return text(a); }, action);
  }

 private:
  static std::string group(JobId job, int32_t shape) { return job.hex() + '/' + std::to_string(shape); }
  std::string lane(plan::LaneId id) const {
    const plan::Lane& l = core_.plan.lanes()[id.n].lane;
    return l.provider + '/' + l.model + std::string(wire_name(l.endpoint));
  }
  std::string text(const plan::Try& a) const { return "try " + group(a.job, a.shape); }
  std::string text(const plan::Pack& a) const {
    std::string out = "pack " + lane(a.lane) + " by " + std::to_string(a.batch_requests) + (a.kept ? " kept" : "");
    for (const auto& p : a.portions) out += ' ' + group(p.job, p.shape) + ':' + std::to_string(p.most);
    return out;
  }
  std::string text(const plan::Move& a) const { return "move " + group(a.job, a.shape) + " to " + lane(a.lane); }
  std::string text(const plan::Drain& a) const {
    return "drain " + group(a.job, a.shape) + ' ' + std::string(name_of(a.tier)) + ' ' + std::to_string(a.most) + " in " +
           std::to_string(a.patience.ms);
  }
  std::string text(const plan::Overtake& a) const { return "overtake " + a.job.hex() + ' ' + a.batch.hex(); }
  std::string text(const plan::Cancel& a) const {
    return "cancel " + a.batch.hex() + (a.why == plan::CancelFor::slow ? " slow" : a.why == plan::CancelFor::unwanted ? " unwanted" : " deadline");
  }
  std::string text(const plan::Expire& a) const { return "expire " + a.job.hex(); }
  std::string text(const plan::AtRisk& a) const {
    char probability[32];
    std::snprintf(probability, sizeof probability, "%.9g", a.probability);
    return "at risk " + a.job.hex() + ' ' + rfc3339(a.finish) + ' ' + probability;
  }
  std::string text(const plan::WakeAt& a) const { return "wake " + std::to_string(a.at.ms); }

  const patient::Engine::Core& core_;
};

// What it knows, then what it does: now, and at the next moments at which the planner wants to be asked. Leaves the engine unfit for more.
inline std::vector<std::string> foretold(patient::Engine& engine) {
  constexpr int moments = 6;
  auto& core = patient::EngineProbe::core(engine);
  const Words words(core);
  std::vector<std::string> out;
  for (const auto& [name, line] : core.lines) {
    out.push_back("rate of " + name + ' ' + std::to_string(line.told));
    out.push_back("live lane of " + name + ": " + core.plan.learned(name));
  }
  for (const auto& [id, job] : core.jobs)
    for (const auto& shape : job.shapes)
      if (shape.open > 0 && !core.finished(id)) out.push_back("open " + id.hex() + '/' + std::to_string(shape.shape.number) + ' ' + std::to_string(shape.open));
  for (const auto& [id, batch] : core.batches)
    for (const auto& [job, n] : batch.unfinished)
      if (n > 0 && !batch.wave()) out.push_back("in batch " + id.hex() + " of " + job.hex() + ' ' + std::to_string(n));
  Time at = core.now();
  for (int i = 0; i < moments; ++i) {
    // Drains go in their order, the rest in any: lanes are numbered as they come.
    std::vector<std::string> drains, others;
    Time next;
    for (const auto& action : plan::step(core.plan, plan::Tick{}, at)) {
      if (const auto* w = std::get_if<plan::WakeAt>(&action)) next = w->at;
      (std::holds_alternative<plan::Drain>(action) ? drains : others).push_back(words.of(action));
    }
    std::sort(others.begin(), others.end());
    out.push_back("at " + std::to_string(at.ms));
    out.insert(out.end(), drains.begin(), drains.end());
    out.insert(out.end(), others.begin(), others.end());
    if (next.ms == 0) break;
    at = next;
  }
  return out;
}

}  // namespace twolane::seeded
