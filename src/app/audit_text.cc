// What the terminal says of an audit, after ../shared/reference/user_experience.md, section 2.
#include "app/audit_text.h"

#include <algorithm>
#include <vector>

#include "app/escape.h"
#include "app/figures.h"

namespace twolane::app {
namespace {

using audit::Report;
using audit::Verdict;

constexpr size_t moves_shown = 10;

std::string usd(PicoUsd amount, int decimals) {
  std::string text = shown_usd(amount, decimals, Round::half_even);
  const size_t dot = text.find('.');
  for (size_t at = dot == std::string::npos ? text.size() : dot; at > 3 + (text[0] == '-' ? 1u : 0u); at -= 3)
    text.insert(at - 3, ",");
  return text;
}

std::string to_tell(const Report& r) {
  std::vector<std::string> wanted;
  for (const auto& c : r.callers)
    if (c.finding.verdict == Verdict::cannot_tell)
      for (const std::string& what : c.finding.to_log)
        if (std::ranges::find(wanted, what) == wanted.end()) wanted.push_back(what);
  if (wanted.empty()) return {};
  std::string text = "  to tell, log: " + wanted.front();
  for (size_t i = 1; i < wanted.size(); ++i) {
    if (text.size() + wanted[i].size() > 72) return text + "; ...\n";
    text += "; " + wanted[i];
  }
  return text + '\n';
}

std::string planes(const Report& r) {
  static constexpr Verdict order[] = {Verdict::interactive, Verdict::can_wait_hours, Verdict::can_wait_minutes,
                                      Verdict::already_batched, Verdict::cannot_tell};
  const int decimals = decimals_that_add_up(r.planes, r.spend);
  std::string text;
  if (r.no_amounts()) {
    for (const Verdict v : order)
      text += "  " + left(audit::words_of(v), 18) + right(grouped(r.plane_calls[static_cast<size_t>(v)]) + " calls", 22) + '\n';
    return text;
  }
  for (const Verdict v : order) {
    const PicoUsd amount = r.planes[static_cast<size_t>(v)];
    text += "  " + left(audit::words_of(v), 18) + right(usd(amount, decimals), 16) + right(share(amount, r.spend), 10) + '\n';
  }
  return text;
}

std::string percent_words(double part) {
  char text[24];
  std::snprintf(text, sizeof text, part < 0.0995 ? "%.2f %%" : "%.0f %%", part * 100);
  return text;
}

std::string about_replay(const Report& r) {
  if (!r.replayed) return r.plan.moves.empty() ? "" : "note   late: unknown, because arrivals were not replayed (--replay)\n";
  int64_t requests = 0, live = 0;
  for (const auto& m : r.plan.moves)
    if (m.replayed) requests += m.replayed->requests, live += m.replayed->live;
  const bool dropped = std::ranges::any_of(r.plan.stays, [](const auto& s) { return s.replayed.has_value(); });
  if (requests == 0 && !dropped) return {};
  std::string text = "late   " + counted(requests, "call") + " replayed through the planner, on lanes that are " +
                     std::string(name_of(r.replayed->lanes)) + '\n';
  if (live > 0) text += "       " + counted(live, "call") + " bought live to be in time\n";
  for (const auto& s : r.plan.stays)
    if (s.replayed)
      text += "stays  " + escaped(brief(r.callers[s.caller].profile.name), 30) + ": " + percent_words(s.replayed->late_share()) +
              " of its answers would have been late\n";
  return text;
}

std::string moves(const Report& r) {
  const auto& all = r.plan.moves;
  if (all.empty()) return "moves  none: nothing that can wait has a cheaper tier\n";
  const bool monthly = r.per_month(r.saving).has_value();
  const auto of = [&](PicoUsd amount) { return monthly ? *r.per_month(amount) : amount; };
  std::string text = left("moves", 42) + right(monthly ? "saves/month" : "saves", 13) + right("late", 9) + right("confidence", 13) + '\n';
  for (size_t i = 0; i < all.size() && i < moves_shown; ++i) {
    const audit::Move& m = all[i];
    const std::string where = std::string(" -> ") + std::string(name_of(m.tier)) + ", " + deadline_words(m.deadline);
    const std::string who = escaped(brief(r.callers[m.caller].profile.name), 39 - std::min<size_t>(where.size(), 30));
    char confidence[16];
    std::snprintf(confidence, sizeof confidence, "%.3f", static_cast<double>(m.confidence) / 1000);
    text += right(std::to_string(i + 1), 3) + ' ' + left(who + where, 39) + right(usd(of(m.saving()), 2), 12) + right(late_words(m), 9) +
            right(confidence, 13) + '\n';
  }
  if (all.size() > moves_shown) text += "    " + counted(static_cast<int64_t>(all.size() - moves_shown), "more move") + " in the report\n";
  text += left("  all " + counted(static_cast<int64_t>(all.size()), "move"), 43) + right(usd(of(r.saving), 2), 12) + "   range " +
          usd(of(r.low), 2) + " to " + usd(of(r.high), 2) + '\n';
  return text;
}

std::string about_prices(const Report& r) {
  std::string text;
  if (r.unpriced.n != 0) text += "note   " + usd(r.unpriced, 2) + " USD are the log's own words: no price is known for their models\n";
  if (r.unknown_calls > 0)
    text += "note   " + counted(r.unknown_calls, "call") + " have neither price nor cost and are in no amount (--model prices them)\n";
  if (r.assumed_calls > 0)
    text += "note   " + counted(r.assumed_calls, "call") + " name no model and are priced as " + r.settings.assumed.provider + '/' +
            escaped(r.settings.assumed.model) + '\n';
  if (r.logged_calls > 0)
    text += "note   the logs say " + usd(r.logged, 2) + " USD for " + counted(r.logged_calls, "call") + "; amounts here are by the price book\n";
  if (r.others) text += "note   " + counted(r.others->name.users, "small caller") + " were put together and not judged\n";
  return text;
}

std::string buckets(const Report& r) {
  if (r.buckets.empty()) return {};
  std::string text = "exports (sums of providers; nobody can be told from them)\n";
  for (size_t i = 0; i < r.buckets.size() && i < moves_shown; ++i) {
    const auto& b = r.buckets[i];
    text += "  " + left(escaped(b.model.empty() ? std::string("all models") : b.model, 30), 32) + (b.usage.input() + b.usage.output == 0 && b.requests_known
                ? right(grouped(b.requests) + " requests", 38)
                : right(grouped(b.usage.input()), 16) + " in " + right(grouped(b.usage.output), 14) + " out") + ' ' + (b.cost_known ? right(usd(b.logged, 2), 10) : b.priced ? right(usd(b.list, 2), 10) : right("unknown", 10)) + '\n';
  }
  return text;
}

}  // namespace

std::string late_words(const audit::Move& m) {
  if (!m.replayed) return "unknown";
  return m.replayed->late > 0 ? percent_words(m.replayed->late_share()) : "none";
}

std::string deadline_words(Duration d) {
  if (d >= hours(3)) return std::to_string(d.ms / hours(1).ms) + " h";
  if (d >= minutes(90)) return spoken(d);
  return std::to_string(std::max<int64_t>(1, d.ms / minutes(1).ms)) + " min";
}

std::string audit_period(const Report& r) {
  if (!r.dated) return "no dates";
  const Time shift = r.first + minutes(r.settings.zone_minutes), end = r.last + minutes(r.settings.zone_minutes);
  return rfc3339(shift).substr(0, 10) + " to " + rfc3339(end).substr(0, 10);
}

std::string audit_headline(const Report& r) {
  const PicoUsd waits = r.planes[static_cast<size_t>(Verdict::can_wait_hours)] + r.planes[static_cast<size_t>(Verdict::can_wait_minutes)];
  if (r.no_amounts()) return "What these calls cost is not known: the log names no model that has a price.";
  if (r.planes[static_cast<size_t>(Verdict::cannot_tell)] == r.spend)
    return "Who waits for these " + usd(r.spend, 2) + " USD of calls cannot be told from this log.";
  std::string text = usd(waits, 2) + " of " + usd(r.spend, 2) + " USD had nobody waiting";
  const auto month = r.per_month(r.saving);
  if (r.plan.moves.empty()) return text + "; no move saves anything worth it.";
  if (month) return text + "; moving what can move saves " + usd(*month, 2) + " USD a month.";
  return text + "; moving what can move would have saved " + usd(r.saving, 2) + " USD in this log.";
}

std::string audit_text(const Report& r, const std::string& html) {
  int64_t bad = 0;
  for (const auto& file : r.files) bad += file.bad();
  std::string text;
  if (r.calls > 0) {
    text = (r.no_amounts() ? std::string("cost unknown") : usd(r.spend, decimals_that_add_up(r.planes, r.spend)) + " USD") + ", " + audit_period(r) + ", " + counted(r.calls, "call") + (bad > 0 ? ", " + counted(bad, "bad line") + " (--bad-lines)" : "") + '\n';
    text += planes(r) + to_tell(r) + (r.no_amounts() ? "" : moves(r));
    if (!r.no_amounts() && !r.per_month(r.saving)) text += "note   less than a week of traffic: amounts are of the log, not of a month\n";
    text += about_replay(r);
    if (r.relief.calls_after < r.relief.calls_before)
      text += "limits peak of the live plane " + grouped(r.relief.calls_before) + " -> " + grouped(r.relief.calls_after) + " requests a minute, " +
              grouped(r.relief.tokens_before) + " -> " + grouped(r.relief.tokens_after) + " tokens\n";
    text += about_prices(r);
  }
  text += buckets(r);
  if (!html.empty()) text += "report " + escaped(html) + '\n';
  return text;
}

}  // namespace twolane::app
