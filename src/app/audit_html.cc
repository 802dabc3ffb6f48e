// Section by section, as ../shared/reference/user_experience.md draws them (section 5).
#include "app/audit_html.h"

#include <algorithm>
#include <vector>

#include "app/audit_charts.h"
#include "app/audit_style.h"
#include "app/audit_text.h"
#include "app/figures.h"
#include "audit/overrules.h"

namespace twolane::app {
namespace {

using audit::Line;
using audit::Report;
using audit::Verdict;

constexpr size_t callers_shown = 200, steps_shown = 8;

constexpr Verdict plane_order[] = {Verdict::interactive, Verdict::can_wait_hours, Verdict::can_wait_minutes,
                                   Verdict::already_batched, Verdict::cannot_tell};

std::string style_of(Verdict v) {
  static constexpr std::string_view names[] = {"interactive", "minutes", "hours", "batched", "unknown"};
  return std::string(names[static_cast<size_t>(v)]);
}

std::string usd(PicoUsd amount, int decimals = 2) { return shown_usd(amount, decimals, Round::half_even); }

std::string thousandths(int64_t n) {
  char text[16];
  std::snprintf(text, sizeof text, "%.1f %%", static_cast<double>(n) / 10);
  return text;
}

std::string row(std::initializer_list<std::string> cells, std::string_view kind = "") {
  std::string out = kind.empty() ? "<tr>" : "<tr class=\"" + std::string(kind) + "\">";
  bool first = true;
  for (const std::string& cell : cells) {
    out += (first ? "<td>" : "<td class=\"n\">") + cell + "</td>";
    first = false;
  }
  return out + "</tr>\n";
}

std::string head(std::initializer_list<std::string_view> cells) {
  std::string out = "<table><thead><tr>";
  bool first = true;
  for (const auto cell : cells) {
    out += (first ? "<th scope=\"col\">" : "<th scope=\"col\" class=\"n\">") + std::string(cell) + "</th>";
    first = false;
  }
  return out + "</tr></thead><tbody>\n";
}

std::string list(const std::vector<std::string>& lines) {
  std::string out = "<ul>";
  for (const std::string& line : lines) out += "<li>" + html_text(line, 400) + "</li>";
  return out + "</ul>\n";
}

std::string figure(const std::string& value, const std::string& what) {
  return "<div><b>" + value + "</b><span>" + what + "</span></div>\n";
}

std::string opening(const Report& r) {
  const auto month = r.per_month(r.saving);
  std::string out = "<h1>" + html_text(audit_headline(r), 300) + "</h1>\n<p class=\"soft\">" + html_text(audit_period(r)) + ", " +
                    grouped(r.calls) + " calls, times in " + html_text(r.settings.zone) + ".</p>\n<div class=\"figures\">";
  if (r.no_amounts()) return out + figure(grouped(r.calls), "calls, of unknown cost") + "</div>\n";
  const std::string range = std::string("USD, the range that follows from the confidence") + (r.replayed ? " and the replay" : "");
  out += figure(usd(r.spend), "USD spent in the log");
  out += figure(share(r.can_wait, r.spend), "of it had nobody waiting");
  if (month) {
    out += figure(usd(*month), "USD saved a month by " + counted(static_cast<int64_t>(r.plan.moves.size()), "move"));
    out += figure(usd(*r.per_month(r.low)) + " to " + usd(*r.per_month(r.high)), range);
  } else {
    out += figure(usd(r.saving), "USD saved in this log by " + counted(static_cast<int64_t>(r.plan.moves.size()), "move"));
    out += figure(usd(r.low) + " to " + usd(r.high), range);
  }
  out += "</div>\n";
  if (!month && r.calls > 0) out += "<p class=\"note\">Less than a week of dated traffic: amounts are of the log and are not scaled to a month.</p>\n";
  return out;
}

std::string planes(const Report& r) {
  if (r.no_amounts()) {
    std::string table = "<h2>Calls by plane</h2>\n" + head({"plane", "calls"});
    for (const Verdict v : plane_order)
      table += row({"<span class=\"key " + style_of(v) + "\"></span>" + std::string(audit::words_of(v)), grouped(r.plane_calls[static_cast<size_t>(v)])});
    return table + row({"all", grouped(r.calls)}, "sum") + "</tbody></table>\n";
  }
  std::vector<Part> parts;
  const int decimals = decimals_that_add_up(r.planes, r.spend);
  std::string table = head({"plane", "USD", "share"});
  for (const Verdict v : plane_order) {
    const PicoUsd amount = r.planes[static_cast<size_t>(v)];
    parts.push_back({std::string(audit::words_of(v)), style_of(v), amount});
    table += row({"<span class=\"key " + style_of(v) + "\"></span>" + std::string(audit::words_of(v)), usd(amount, decimals), share(amount, r.spend)});
  }
  return "<h2>Spend by plane</h2>\n" + stacked_bar(parts, r.spend) + table + row({"all", usd(r.spend, decimals), "100.0 %"}, "sum") + "</tbody></table>\n";
}

std::string move_label(const Report& r, const audit::Move& m, size_t number) {
  const auto& n = r.callers[m.caller].profile.name;
  const std::string name = !n.key.empty() ? n.key : brief(n);
  return std::to_string(number) + ' ' + name.substr(0, 12) + " to " + std::string(name_of(m.tier));
}

// Amounts at that many decimals such that what is shown adds up: each step is the difference of two rounded sums.
void round_steps(std::vector<Bar>& bars, int decimals) {
  const auto rounded = [&](PicoUsd amount) { return parse_usd(usd(amount, decimals)).value_or(amount); };
  PicoUsd exact{}, shown{};
  for (Bar& bar : bars) {
    exact = bar.total ? bar.amount : exact + bar.amount;
    const PicoUsd now = rounded(exact);
    bar.amount = bar.total ? now : now - shown;
    shown = now;
  }
}

std::string savings_waterfall(const Report& r) {
  if (r.plan.moves.empty()) return {};
  std::vector<Bar> bars{{"as is", r.spend, true}};
  PicoUsd rest{};
  for (size_t i = 0; i < r.plan.moves.size(); ++i) {
    const PicoUsd saving = r.plan.moves[i].saving();
    if (i < steps_shown) bars.push_back({move_label(r, r.plan.moves[i], i + 1), PicoUsd{} - saving});
    else rest += saving;
  }
  if (rest.n != 0) bars.push_back({"further moves", PicoUsd{} - rest});
  bars.push_back({"after", r.spend - r.saving, true});
  const PicoUsd parts[] = {r.spend, PicoUsd{} - r.saving};
  const int decimals = decimals_that_add_up(parts, bars.back().amount);
  round_steps(bars, decimals);
  return "<h2>From this bill to the next</h2>\n<p class=\"soft\">USD in the period of the log; each move counted once.</p>\n" + waterfall(bars, decimals);
}

std::string hours(const Report& r) {
  if (!r.dated) return "<h2>When it is spent</h2>\n<p class=\"soft\">The log holds no dates, so hours and weekdays are not known.</p>\n";
  return "<h2>When it is spent</h2>\n<p class=\"soft\">USD by weekday and hour, " + html_text(r.settings.zone) +
         ". Underlined and green: more than half of it had nobody waiting.</p>\n" + week_table(r.by_hour, r.waiting_by_hour);
}

std::string late_text(const audit::Move& m) {
  if (!m.replayed) return "share late: unknown, not replayed";
  return "late when replayed: " + late_words(m) + (m.replayed->live > 0 ? "; bought live to be in time: " + grouped(m.replayed->live) + " of " + grouped(m.replayed->requests) : "");
}

std::string one_move(const Report& r, const audit::Move& m, size_t number) {
  const auto month = r.per_month(m.saving());
  std::string out = "<details" + std::string(number <= 1 ? " open" : "") + "><summary><span class=\"who\">" + std::to_string(number) + ". " +
                    html_text(shown(r.callers[m.caller].profile.name), 90) + "</span><span class=\"amount\">" + usd(month ? *month : m.saving()) +
                    (month ? " a month" : "") + "</span><span class=\"rest\">to " + std::string(name_of(m.tier)) + ", answers within " +
                    deadline_words(m.deadline) + "; confidence " + thousandths(m.confidence) + "; " + late_text(m) + "</span></summary>\n<div class=\"inside\">";
  out += "<p>" + usd(m.now, 4) + " USD now, " + usd(m.then, 4) + " then: saves " + usd(m.saving(), 4) + " in the log";
  out += m.low == m.high ? ".</p>\n" : " (" + usd(m.low, 4) + " to " + usd(m.high, 4) + " by cache hits and by what sources say).</p>\n";
  if (m.replayed && m.replayed->live > 0)
    out += "<p>What the replay bought live to be in time saves nothing: it left " + usd(m.left_of(m.saving()), 4) + ".</p>\n";
  out += "<p>Rule: " + html_text(m.rule, 200) + ". " + html_text(m.provider_rule, 500) + "</p>\n";
  out += "<h3>Change</h3>\n<p>Point the client at the gateway and add one header:</p><pre>" + html_text(m.header) + "</pre>";
  if (!m.command.empty()) out += "<p>or give it a key that waits:</p><pre>" + html_text(m.command, 300) + "</pre>";
  std::string snippet;
  for (size_t from = 0; from < m.snippet.size();) {
    const size_t end = m.snippet.find('\n', from);
    snippet += html_text(std::string_view(m.snippet).substr(from, end - from), 200) + '\n';
    from = end == std::string::npos ? m.snippet.size() : end + 1;
  }
  if (!snippet.empty()) out += "<p>or let it ask for a model that waits, in twolane.toml:</p><pre>" + snippet + "</pre>\n";
  if (!m.check_first.empty()) out += "<h3>Check first</h3>\n" + list(m.check_first);
  return out + "<h3>What is lost</h3>\n" + list(m.lost) + "</div></details>\n";
}

std::string moves(const Report& r) {
  std::string out = "<h2>Moves, in order of money</h2>\n";
  if (r.plan.moves.empty()) out += "<p>None: nothing that can wait has a cheaper tier that is worth it.</p>\n";
  if (r.replayed && !r.plan.moves.empty())
    out += "<p class=\"soft\">Replayed: the log's own arrivals, through the planner of the engine, on simulated lanes that are " + std::string(name_of(r.replayed->lanes)) +
           ". Moves of which more than 1 % would have been late are not among them.</p>\n";
  size_t number = 0;
  for (const audit::Move& m : r.plan.moves)
    if (++number <= callers_shown) out += one_move(r, m, number);
  if (!r.plan.stays.empty()) {
    out += "<h3>Can wait, and stays</h3>\n<ul>";
    for (size_t i = 0; i < r.plan.stays.size() && i < callers_shown; ++i)
      out += "<li>" + html_text(shown(r.callers[r.plan.stays[i].caller].profile.name), 90) + ": " + html_text(r.plan.stays[i].why, 300) + "</li>";
    out += "</ul>\n";
  }
  if (r.relief.calls_after < r.relief.calls_before)
    out += "<p>Peak of the live plane, a minute: " + grouped(r.relief.calls_before) + " requests before, " + std::string(r.relief.exact ? "" : "about ") +
           grouped(r.relief.calls_after) + " after; " + grouped(r.relief.tokens_before) + " tokens before, " + grouped(r.relief.tokens_after) + " after.</p>\n";
  return out;
}

std::string evidence(const audit::Caller& c) {
  const auto& f = c.finding;
  std::string out;
  if (f.overruled) out += "<p class=\"note\">" + html_text(f.overrule_note, 200) + "</p>";
  out += head({"evidence", "decibans"});
  for (const auto& e : f.evidence) out += row({html_text(e.words, 240), (e.decibans > 0 ? "+" : "") + std::to_string(e.decibans)});
  out += row({"sum: " + thousandths(f.nobody_waits) + " that nobody waits", (f.decibans > 0 ? "+" : "") + std::to_string(f.decibans)}, "sum") + "</tbody></table>\n";
  if (f.tolerates.ms > 0) out += "<p>May take " + deadline_words(f.tolerates) + ": " + html_text(f.tolerates_because, 240) + ".</p>\n";
  if (!f.to_log.empty()) out += "<p>To tell, log:</p>" + list(f.to_log);
  return out;
}

std::string caller_lines(const audit::Caller& c, const audit::Prices& prices) {
  std::string out = head({"the same calls", "USD", "saves"});
  for (int i = 0; i < audit::line_count; ++i) {
    const audit::Priced& p = prices.lines[static_cast<size_t>(i)];
    const std::string what(audit::words_of(static_cast<Line>(i)));
    if (p.cost) out += row({what + (p.why.empty() ? "" : "<br><span class=\"soft\">" + html_text(p.why, 200) + "</span>"), usd(*p.cost, 4), usd(p.saving(c.profile.spend), 4)});
    else out += row({what + "<br><span class=\"soft\">" + html_text(p.why, 200) + "</span>", "-", "-"});
  }
  return out + "</tbody></table>\n";
}

std::string certainty(const audit::Finding& f) {
  if (f.overruled) return ", by a person";
  if (f.verdict == Verdict::cannot_tell) return ", " + thousandths(f.nobody_waits) + " that nobody waits";
  return ", confidence " + thousandths(f.confidence);
}

std::string one_caller(const audit::Caller& c, const audit::Prices& prices, const Report& r) {
  const auto& p = c.profile;
  std::string out = std::string(r.callers.size() <= 2 ? "<details open>" : "<details>") + "<summary><span class=\"who\"><span class=\"key " + style_of(c.finding.verdict) + "\"></span>" + html_text(shown(p.name), 100) +
                    "</span><span class=\"amount\">" + usd(p.spend) + "</span><span class=\"rest\">" + std::string(audit::words_of(c.finding.verdict)) +
                    certainty(c.finding) + "; " + counted(p.calls, "call") + ", " +
                    share(p.spend, r.spend) + (p.model.empty() ? "" : ", " + html_text(p.model, 40)) + "</span></summary>\n<div class=\"inside\">";
  out += evidence(c);
  if (p.latency.count() > 0)
    out += "<p>Latency lived with: half under " + spoken(Duration{p.latency.quantile(0.5)}) + ", 19 in 20 under " + spoken(Duration{p.latency.quantile(0.95)}) + ".</p>\n";
  out += caller_lines(c, prices);
  const bool waits = audit::can_wait(c.finding.verdict);
  return out + "<p>If that is wrong, write into the file of --overrides:</p><pre>" +
         html_text(audit::overrule_line(waits ? "interactive" : "can-wait 6h", p.name), 400) + "</pre></div></details>\n";
}

std::string callers(const Report& r) {
  std::string out = "<h2>Callers and their evidence</h2>\n<p class=\"soft\">A caller is a key, team, route, prompt and client program, streamed or not; users who behave alike are one. "
                    "Ten decibans are odds of ten to one.</p>\n";
  PicoUsd rest{};
  int64_t more = 0;
  for (size_t i = 0; i < r.callers.size(); ++i)
    if (i < callers_shown) out += one_caller(r.callers[i], r.prices[i], r);
    else rest += r.callers[i].profile.spend, ++more;
  if (r.others) rest += r.others->spend, more += r.others->name.users;
  if (more > 0) out += "<p>" + counted(more, "further caller") + ": " + usd(rest) + " USD" + (r.others ? ", of which the smallest were put together and not judged" : "") + ".</p>\n";
  return out;
}

std::string sensitivity(const Report& r) {
  if (r.plan.moves.empty()) return {};
  std::vector<Bar> all;
  for (const auto& s : r.sensitivity) all.push_back({"take up to " + deadline_words(s.takes), s.saving});
  return "<h2>If batches are slow</h2>\n<p class=\"soft\">What the moves still save, USD in the log, when batches take that long: what cannot wait for them is bought live in time, "
         "and saves nothing.</p>\n" + bars(all, "batches", 2);
}

std::string what_ifs(const Report& r) {
  std::string out = "<h2>What else could be</h2>\n<p class=\"soft\">Apart from the moves and not added to them. USD in the log.</p>\n";
  if (r.can_wait.n > 0) out += head({"all that can wait", "USD", "saves"});
  for (int i = 0; i < audit::line_count && r.can_wait.n > 0; ++i) {
    const auto line = static_cast<Line>(i);
    if (line == Line::cheaper_model || (line == Line::caching && !r.caching_measured)) continue;
    const PicoUsd cost = r.lines[static_cast<size_t>(i)];
    out += row({std::string(audit::words_of(line)), usd(cost), usd(r.can_wait - cost)});
  }
  if (r.can_wait.n > 0) out += "</tbody></table>\n";
  out += "<p>Prompt caching alone, all callers: " +
         (r.caching_measured ? "saves up to " + usd(r.caching_saves) + " USD." : std::string("not known: the log holds neither prompts nor hashes of them.")) +
         "</p>\n<p>A cheaper model of the same family, all callers: " + usd(r.model_saves) + " USD less for the same tokens; whether its answers are good enough is not known here.</p>\n";
  if (r.reuse.calls > 0) {
    const auto part = [&](int64_t tokens) { return thousandths(r.reuse.input > 0 ? (tokens * 2000 / r.reuse.input + 1) / 2 : 0); };
    out += "<p>Of " + grouped(r.reuse.input) + " input tokens whose prompts are known, a prefix cache could have served " + part(r.reuse.read[0]) + " without expiry, " +
           part(r.reuse.read[2]) + " kept for an hour, " + part(r.reuse.read[4]) + " for five minutes" + (r.pieces_forgotten > 0 ? " (at least: not all prefixes fitted into memory)" : "") + ".</p>\n";
  }
  return out;
}

std::string method(const Report& r) {
  std::string out = "<h2>Method and sources</h2>\n<p>Each caller's verdict is the sum of the evidence shown with it, in decibans; 13 and more (95 %) is \"can wait\", -6 and less "
                    "(20 %) \"interactive\". How long it may take follows from its schedule and from the runs it has lived with. The low end of the range counts each move with its confidence "
                    "and the dearer reading; the high end adds what cannot be told, by its probability.</p>\n";
  out += "<p>Prices: book of " + rfc3339(price::book().date()).substr(0, 10) + ", each call at the rate of its time. ";
  if (r.logged_calls > 0) out += "The logs themselves say " + usd(r.logged) + " USD for " + counted(r.logged_calls, "call") + ". ";
  if (r.assumed_calls > 0) out += counted(r.assumed_calls, "call") + " name no model and are priced as " + html_text(r.settings.assumed.provider + '/' + r.settings.assumed.model) + ". ";
  if (r.unpriced.n != 0) out += usd(r.unpriced) + " USD are the log's word for models without a known price. ";
  if (r.unknown_calls > 0) out += counted(r.unknown_calls, "call") + " have neither a price nor a cost and are in no amount. ";
  out += "</p>\n";
  if (!r.files.empty()) {
    out += head({"file", "format", "calls", "bad"});
    for (size_t i = 0; i < r.files.size() && i < callers_shown; ++i) {
      const auto& f = r.files[i];
      out += row({html_text(f.name, 80), f.format ? html_text(audit::name_of(*f.format)) : "not known", grouped(f.calls), grouped(f.bad())});
    }
    out += "</tbody></table>\n";
  }
  return out;
}

std::string exports(const Report& r) {
  if (r.buckets.empty()) return {};
  std::string out = "<h2>Providers' own exports</h2>\n<p class=\"soft\">Sums over hours or days: nobody can be told from them, and no call is made up.</p>\n" +
                    head({"model", "input", "output", "USD"});
  for (size_t i = 0; i < r.buckets.size() && i < callers_shown; ++i) {
    const auto& b = r.buckets[i];
    out += row({html_text(b.model.empty() ? "all models" : b.model, 60), grouped(b.usage.input()), grouped(b.usage.output),
                b.cost_known ? usd(b.logged) : b.priced ? usd(b.list) + " (list)" : "unknown"});
  }
  return out + "</tbody></table>\n";
}

}  // namespace

std::string audit_html(const Report& r) {
  std::string out = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
                    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
                    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>Audit of model calls</title>\n<style>";
  out += audit_style();
  out += "</style></head><body>\n";
  if (r.calls > 0)
    out += opening(r) + planes(r) + savings_waterfall(r) + hours(r) + moves(r) + callers(r) + sensitivity(r) + what_ifs(r);
  return out + exports(r) + method(r) + "</body></html>\n";
}

}  // namespace twolane::app
