// A user with few calls says little alone; the group speaks for it unless its own evidence is against that.
#include "audit/callers.h"

#include <algorithm>
#include <array>
#include <unordered_map>

namespace twolane::audit {
namespace {

constexpr int contradiction = 10;  // decibans of its own against its group's verdict

Profile together(std::vector<Profile>& members) {
  Profile sum;
  sum.name = members.front().name;
  sum.group = members.front().group;
  for (const Profile& p : members) sum.merge(p);
  if (members.size() > 1) {
    sum.name.user.clear();
    sum.name.users = std::max<int64_t>(sum.users.estimate(), static_cast<int64_t>(members.size()));
  }
  return sum;
}

// The verdict of one member beside its group's.
Verdict side_of(const Finding& own, const Finding& group) {
  if (own.verdict == group.verdict || group.verdict == Verdict::cannot_tell) return own.verdict;
  const bool group_waits = can_wait(group.verdict);
  if (own.verdict == Verdict::cannot_tell)
    return (group_waits ? own.decibans > -contradiction : own.decibans < contradiction) ? group.verdict : own.verdict;
  // One of many users is a program only if it shows that plainly; hours against minutes is its own matter.
  if (!group_waits && can_wait(own.verdict) && own.decibans < enough_to_wait + 5) return Verdict::cannot_tell;
  return own.verdict;
}

void judge_group(std::vector<Profile>& members, const Settings& settings, std::vector<Caller>& out) {
  if (members.size() == 1) {
    Finding f = judge(members.front(), settings);
    out.push_back({std::move(members.front()), std::move(f), {}});
    return;
  }
  std::vector<Profile> copy = members;
  const Finding group = judge(together(copy), settings);
  std::array<std::vector<Profile>, verdict_count> sides;
  for (Profile& p : members) {
    const Verdict side = side_of(judge(p, settings), group);
    sides[static_cast<size_t>(side)].push_back(std::move(p));
  }
  for (size_t v = 0; v < sides.size(); ++v) {
    if (sides[v].empty()) continue;
    std::vector<std::string> users;
    for (const Profile& p : sides[v])
      if (users.size() < 1000) users.push_back(p.name.user);
    Profile sum = together(sides[v]);
    Finding f = judge(sum, settings);
    const auto wanted = static_cast<Verdict>(v);
    if (f.verdict != wanted && !(can_wait(f.verdict) && can_wait(wanted))) {
      if (can_wait(f.verdict)) f.verdict = wanted;  // together they say more than any alone: the careful side
      if (wanted == Verdict::cannot_tell && f.verdict == wanted && f.to_log.empty())
        f.to_log = {"a key of its own for each job: its users behave differently"};
    }
    out.push_back({std::move(sum), std::move(f), std::move(users)});
  }
}

}  // namespace

std::vector<Caller> judge_callers(Collected& collected, const std::vector<Overrule>& overrules) {
  std::unordered_map<uint64_t, std::vector<Profile>> groups;
  std::vector<uint64_t> order;
  for (Profile& p : collected.callers) {
    auto& group = groups[p.group];
    if (group.empty()) order.push_back(p.group);
    group.push_back(std::move(p));
  }
  collected.callers.clear();
  std::vector<Caller> out;
  for (const uint64_t group : order) judge_group(groups[group], collected.settings, out);
  for (Caller& c : out) overrule(c.finding, c.profile.name, overrules);
  std::ranges::stable_sort(out, std::ranges::greater{}, [](const Caller& c) { return c.profile.spend; });
  return out;
}

}  // namespace twolane::audit
