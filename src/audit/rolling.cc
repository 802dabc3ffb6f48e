// A collector for today, profiles for the days before.
#include "audit/rolling.h"

#include <algorithm>
#include <unordered_map>

#include "audit/hash.h"
#include "audit/saved_profile.h"

namespace twolane::audit {
namespace {

constexpr size_t spans_of_a_day = 96;  // quarters of an hour: enough for peaks of days that are over

Settings settings_for(int zone_minutes, std::string zone) {
  Settings s;
  s.zone_minutes = zone_minutes, s.zone = std::move(zone), s.most_callers = Rolling::most_callers;
  return s;
}

// A profile joins those of other days of the same caller.
void join(std::unordered_map<uint64_t, Profile>& callers, const Profile& p) {
  const auto [it, fresh] = callers.try_emplace(hash_text(p.name.user, p.group), p);
  if (fresh) return;
  const int64_t days_before = it->second.days_active;
  it->second.merge(p);
  it->second.days_active = days_before + p.days_active;
}

void count_in(Collected& all, const Profile& p) {
  all.calls += p.calls;
  all.live.merge(p.arrivals);
  if (!p.dated) return;
  if (!all.dated || p.first < all.first) all.first = p.first;
  if (!all.dated || all.last < p.last) all.last = p.last;
  all.dated = true;
}

}  // namespace

Rolling::Rolling(int zone_minutes, std::string zone)
    : settings_(settings_for(zone_minutes, std::move(zone))), collector_(settings_) {}

int64_t Rolling::day_of(Time t) const {
  const int64_t local = t.ms + int64_t{settings_.zone_minutes} * 60'000, day = days(1).ms;
  return local >= 0 ? local / day : -((day - 1 - local) / day);
}

Rolling::Day Rolling::closed(int64_t number, Collected collected) {
  Day day{number, std::move(collected.callers), std::move(collected.others)};
  for (Profile& p : day.callers) p.arrivals.limit(spans_of_a_day);
  return day;
}

void Rolling::forget_before(int64_t day) {
  while (!past_.empty() && past_.front().number < day) past_.pop_front();
}

void Rolling::turn_to(int64_t day) {
  if (collector_.calls() > 0) past_.push_back(closed(today_, collector_.finish()));
  today_ = day;
  forget_before(day - kept_days + 1);
}

// A call that began before midnight and ended after it counts for the day that has begun.
void Rolling::take(const Call& call) {
  if (!call.start) return;
  if (const int64_t day = day_of(*call.start); day > today_) turn_to(day);
  collector_.call(call);
  ++taken_;
}

std::vector<Rolling::Day> Rolling::days_until(Time now) const {
  const int64_t oldest = day_of(now) - kept_days + 1;
  std::vector<Day> out;
  for (const Day& d : past_)
    if (d.number >= oldest) out.push_back(d);
  if (collector_.calls() > 0 && today_ >= oldest) out.push_back(closed(today_, collector_.so_far()));
  return out;
}

Collected Rolling::week(Time now, std::optional<std::string_view> key) {
  Collected all;
  all.settings = settings_;
  std::unordered_map<uint64_t, Profile> callers;
  for (const Day& d : days_until(now)) {
    for (const Profile& p : d.callers) {
      if (key && p.name.key != *key) continue;
      join(callers, p);
      count_in(all, p);
    }
    if (!d.others || key) continue;
    count_in(all, *d.others);
    if (!all.others) all.others = *d.others;
    else all.others->merge(*d.others), all.others->name.users = std::max(all.others->name.users, d.others->name.users);
  }
  for (auto& [hash, p] : callers) all.callers.push_back(std::move(p));
  std::ranges::sort(all.callers, [](const Profile& a, const Profile& b) {
    if (a.spend != b.spend) return b.spend < a.spend;
    return a.group != b.group ? a.group < b.group : a.name.user < b.name.user;
  });
  return all;
}

wire::Json Rolling::saved() const {
  wire::Json kept = wire::Json::array();
  std::vector<Day> all(past_.begin(), past_.end());
  if (collector_.calls() > 0) all.push_back(closed(today_, collector_.so_far()));
  for (const Day& d : all) {
    wire::Json callers = wire::Json::array();
    for (const Profile& p : d.callers) callers.push_back(profile_json(p));
    kept.push_back({{"day", d.number}, {"callers", std::move(callers)}, {"others", d.others ? profile_json(*d.others) : wire::Json(nullptr)}});
  }
  return {{"version", 1}, {"days", std::move(kept)}};
}

Status Rolling::load(const wire::Json& saved) {
  const wire::Json* kept = wire::find(saved, "days");
  if (wire::int_at(saved, "version") != 1 || kept == nullptr || !kept->is_array())
    return fail("audit.saved", "the saved findings cannot be read", "they are of another version");
  Status first;
  for (const wire::Json& d : *kept) {
    Day day;
    day.number = wire::int_at(d, "day");
    const wire::Json* callers = wire::find(d, "callers");
    if (callers == nullptr || !callers->is_array()) continue;
    for (const wire::Json& c : *callers) {
      auto p = profile_of(c);
      if (p) day.callers.push_back(std::move(*p));
      else if (first) first = fail(p.error());
    }
    if (const wire::Json* others = wire::find(d, "others"); others != nullptr && others->is_object())
      if (auto p = profile_of(*others)) day.others = std::move(*p);
    past_.push_back(std::move(day));
  }
  std::ranges::stable_sort(past_, {}, &Day::number);
  return first;
}

}  // namespace twolane::audit
