// Plain counts by one list for both ways; the rest field by field.
#include "audit/saved_profile.h"

#include <algorithm>

namespace twolane::audit {
namespace {

using wire::Json;

// Every plain count of a profile with its name, of a const one or not.
template <class P, class F>
void each_count(P& p, F&& f) {
  f("calls", p.calls), f("folded", p.folded), f("failed", p.failed), f("disconnected", p.disconnected);
  f("outcomes", p.outcomes), f("retried", p.retried), f("refused", p.refused), f("free_calls", p.free_calls);
  f("estimated", p.estimated), f("without_usage", p.without_usage), f("unknown_calls", p.unknown_calls);
  f("logged_calls", p.logged_calls), f("ends_known", p.ends_known), f("start_at_end", p.start_at_end);
  f("run_count", p.run_count), f("in_runs_of_20", p.calls_in_runs_of_20), f("in_runs_of_100", p.calls_in_runs_of_100);
  f("in_runs", p.calls_in_finished_runs), f("run_time_ms", p.run_time.ms), f("joined", p.joined), f("chained", p.chained);
  f("turns", p.turns), f("repeated", p.repeated), f("days_active", p.days_active), f("first_ms", p.first.ms), f("last_ms", p.last.ms);
}

template <class P, class F>
void each_amount(P& p, F&& f) {
  f("spend", p.spend), f("unpriced", p.unpriced), f("logged", p.logged);
}

template <class P, class F>
void each_sketch(P& p, F&& f) {
  f("latency", p.latency), f("first_token", p.first_token), f("in_flight", p.in_flight), f("until_used", p.until_used);
}

template <class N, class F>
void each_text(N& n, F&& f) {
  f("key", n.key), f("team", n.team), f("user", n.user), f("route", n.route), f("family", n.family), f("client", n.client);
}

Json usage_json(const Usage& u) {
  return Json::array({u.fresh, u.cache_read, u.cache_write_5m, u.cache_write_1h, u.output, u.reasoning});
}
Usage usage_of(const Json& j) {
  return {.fresh = j.at(0).get<int64_t>(), .cache_read = j.at(1).get<int64_t>(), .cache_write_5m = j.at(2).get<int64_t>(),
          .cache_write_1h = j.at(3).get<int64_t>(), .output = j.at(4).get<int64_t>(), .reasoning = j.at(5).get<int64_t>()};
}

Json run_json(const Run& r) { return Json::array({r.start.ms, r.end.ms, r.calls}); }
Run run_of(const Json& j) { return {{j.at(0).get<int64_t>()}, {j.at(1).get<int64_t>()}, j.at(2).get<int64_t>()}; }

Json runs_json(const std::vector<Run>& runs) {
  Json out = Json::array();
  for (const Run& r : runs) out.push_back(run_json(r));
  return out;
}
std::vector<Run> runs_of(const Json& j) {
  std::vector<Run> out;
  for (const Json& r : j) out.push_back(run_of(r));
  return out;
}

Json cell_json(const PriceCell& c) {
  Json rows = Json::array();
  for (const price::Row* row : c.rows) rows.push_back(row != nullptr ? Json(row - c.model->rows.data()) : Json(nullptr));
  Json out = {{"tier", static_cast<int>(c.tier)}, {"priced", c.priced}, {"calls", c.calls}, {"usage", usage_json(c.usage)},
              {"read", c.read}, {"written", c.written}, {"measured", c.measured}, {"rows", std::move(rows)}};
  if (c.model != nullptr) out["provider"] = c.model->provider, out["model"] = c.model->name;
  return out;
}

PriceCell cell_of(const Json& j, bool same_book) {
  PriceCell c;
  c.tier = static_cast<ServiceTier>(std::clamp(j.at("tier").get<int>(), 0, price::tier_count - 1));
  c.calls = j.at("calls").get<int64_t>(), c.usage = usage_of(j.at("usage"));
  c.read = j.at("read").get<int64_t>(), c.written = j.at("written").get<int64_t>(), c.measured = j.at("measured").get<bool>();
  if (j.contains("model")) c.model = price::book().find(j.at("provider").get<std::string>(), j.at("model").get<std::string>());
  if (c.model == nullptr) return c;
  for (size_t t = 0; t < c.rows.size(); ++t) {
    const Json& at = j.at("rows").at(t);
    if (!same_book) c.rows[t] = price::book().row(*c.model, static_cast<ServiceTier>(t), 0, {});
    else if (!at.is_null() && at.get<size_t>() < c.model->rows.size()) c.rows[t] = &c.model->rows[at.get<size_t>()];
  }
  c.priced = j.at("priced").get<bool>() && c.rows[static_cast<size_t>(c.tier)] != nullptr;
  return c;
}

Json arrivals_json(const Arrivals& a) {
  Json spans = Json::array();
  for (const auto& s : a.spans()) spans.push_back(Json::array({s.at, s.calls, s.tokens}));
  return {{"minutes", a.width()}, {"spans", std::move(spans)}};
}
Arrivals arrivals_of(const Json& j) {
  std::vector<Arrivals::Span> spans;
  for (const Json& s : j.at("spans")) spans.push_back({s.at(0).get<int32_t>(), s.at(1).get<uint32_t>(), s.at(2).get<int64_t>()});
  return Arrivals::of(std::max<int64_t>(1, j.at("minutes").get<int64_t>()), std::move(spans));
}

PicoUsd amount_of(const Json& j) {
  const auto amount = parse_usd(j.get<std::string>());
  return amount ? *amount : PicoUsd{};
}

void read_hours(const Json& json, Profile& p) {
  for (const Json& h : json) {
    const auto at = h.at(0).get<size_t>();
    if (at >= p.calls_at.size()) continue;
    p.calls_at[at] = h.at(1).get<uint32_t>();
    p.spend_at[at] = amount_of(h.at(2));
  }
}

Profile read_all(const Json& j) {
  Profile p;
  each_text(p.name, [&](const char* name, std::string& text) { text = j.at("name").at(name).get<std::string>(); });
  if (const Json& s = j.at("name").at("streaming"); !s.is_null()) p.name.streaming = s.get<bool>();
  p.name.tier = static_cast<ServiceTier>(std::clamp(j.at("name").at("tier").get<int>(), 0, price::tier_count - 1));
  p.name.users = j.at("name").at("users").get<int64_t>();
  p.group = j.at("group").get<uint64_t>();
  each_count(p, [&](const char* name, int64_t& n) { n = j.at(name).get<int64_t>(); });
  each_amount(p, [&](const char* name, PicoUsd& amount) { amount = amount_of(j.at(name)); });
  each_sketch(p, [&](const char* name, LogHistogram& h) {
    for (const Json& bin : j.at(name)) h.put(bin.at(0).get<int64_t>(), bin.at(1).get<int64_t>());
  });
  p.usage = usage_of(j.at("usage"));
  p.model = j.at("model").get<std::string>(), p.unknown_model = j.at("unknown_model").get<std::string>();
  p.dated = j.at("dated").get<bool>(), p.undated = j.at("undated").get<bool>();
  const bool same_book = j.at("book_ms").get<int64_t>() == price::book().date().ms;
  for (const Json& c : j.at("cells")) p.cells.push_back(cell_of(c, same_book));
  read_hours(j.at("hours"), p);
  p.arrivals = arrivals_of(j.at("arrivals"));
  p.runs = runs_of(j.at("runs")), p.latest_runs = runs_of(j.at("latest_runs")), p.longest = run_of(j.at("longest"));
  for (const Json& mark : j.at("users")) p.users.put(mark.get<int64_t>());
  for (const Json& mark : j.at("sessions")) p.sessions.put(mark.get<int64_t>());
  return p;
}

}  // namespace

Json profile_json(const Profile& p) {
  Json name = Json::object();
  each_text(p.name, [&](const char* what, const std::string& text) { name[what] = text; });
  name["streaming"] = p.name.streaming ? Json(*p.name.streaming) : Json(nullptr);
  name["tier"] = static_cast<int>(p.name.tier);
  name["users"] = p.name.users;
  Json out = Json::object();
  out["name"] = std::move(name);
  out["group"] = p.group;
  each_count(p, [&](const char* what, const int64_t& n) { out[what] = n; });
  each_amount(p, [&](const char* what, const PicoUsd& amount) { out[what] = exact_usd(amount); });
  each_sketch(p, [&](const char* what, const LogHistogram& h) { out[what] = h.filled(); });
  out["usage"] = usage_json(p.usage);
  out["model"] = p.model, out["unknown_model"] = p.unknown_model;
  out["dated"] = p.dated, out["undated"] = p.undated;
  out["book_ms"] = price::book().date().ms;
  Json cells = Json::array(), hours = Json::array();
  for (const PriceCell& c : p.cells) cells.push_back(cell_json(c));
  for (size_t h = 0; h < p.calls_at.size(); ++h)
    if (p.calls_at[h] > 0) hours.push_back(Json::array({h, p.calls_at[h], exact_usd(p.spend_at[h])}));
  out["cells"] = std::move(cells), out["hours"] = std::move(hours);
  out["arrivals"] = arrivals_json(p.arrivals);
  out["runs"] = runs_json(p.runs), out["latest_runs"] = runs_json(p.latest_runs), out["longest"] = run_json(p.longest);
  out["users"] = p.users.marks(), out["sessions"] = p.sessions.marks();
  return out;
}

Result<Profile> profile_of(const Json& json) {
  try {
    return read_all(json);
  } catch (const Json::exception& e) {  // the library's way; nothing of it leaves here
    return fail("audit.saved", "a saved finding cannot be read", e.what());
  }
}

}  // namespace twolane::audit
