// Field by field; the order of the fields is that of the questions a reader has.
#include "audit/report_json.h"

namespace twolane::audit {
namespace {

using wire::Json;

Json texts(const std::vector<std::string>& lines) {
  Json out = Json::array();
  for (const std::string& line : lines) out.push_back(line);
  return out;
}

Json name_or_null(const std::string& name) { return name.empty() ? Json(nullptr) : Json(name); }
Json seconds_or_null(Duration d) { return d.ms > 0 ? Json(d.ms / 1000) : Json(nullptr); }
Json month_or_null(const Report& r, PicoUsd amount) {
  const auto month = r.per_month(amount);
  return month ? Json(exact_usd(*month)) : Json(nullptr);
}

Json tokens_json(const Usage& u) {
  return {{"input", u.input()}, {"cached", u.cache_read}, {"written", u.cache_write_5m + u.cache_write_1h}, {"output", u.output}};
}

Json who_json(const CallerName& n) {
  return {{"key", name_or_null(n.key)},
          {"team", name_or_null(n.team)},
          {"user", name_or_null(n.user)},
          {"users", n.users > 1 ? Json(n.users) : Json(nullptr)},
          {"route", name_or_null(n.route)},
          {"prompt", name_or_null(n.family)},
          {"client", name_or_null(n.client)},
          {"streaming", n.streaming ? Json(*n.streaming) : Json(nullptr)},
          {"tier", name_of(n.tier)}};
}

Json lines_json(const Prices& prices, PicoUsd now) {
  Json out = Json::object();
  for (int i = 0; i < line_count; ++i) {
    const auto line = static_cast<Line>(i);
    const Priced& p = prices.of(line);
    out[std::string(name_of(line))] = {{"cost_usd", p.cost ? Json(exact_usd(*p.cost)) : Json(nullptr)},
                                       {"saves_usd", p.cost ? Json(exact_usd(p.saving(now))) : Json(nullptr)},
                                       {"low_usd", p.cost ? Json(exact_usd(p.low)) : Json(nullptr)},
                                       {"high_usd", p.cost ? Json(exact_usd(p.high)) : Json(nullptr)},
                                       {"note", name_or_null(p.why)}};
  }
  return out;
}

Json caller_json(const Caller& c, const Prices& prices) {
  const Profile& p = c.profile;
  const Finding& f = c.finding;
  Json evidence = Json::array();
  for (const Evidence& e : f.evidence) evidence.push_back({{"rule", e.rule}, {"decibans", e.decibans}, {"words", e.words}});
  Json out = {{"name", shown(p.name)},
              {"who", who_json(p.name)},
              {"calls", p.calls},
              {"spend_usd", exact_usd(p.spend)},
              {"tokens", tokens_json(p.usage)},
              {"model", name_or_null(p.model)},
              {"verdict", name_of(f.verdict)},
              {"confidence_thousandths", f.confidence},
              {"nobody_waits_thousandths", f.nobody_waits},
              {"decibans", f.decibans},
              {"tolerates_s", seconds_or_null(f.tolerates)},
              {"tolerates_because", name_or_null(f.tolerates_because)},
              {"chained", f.chained},
              {"overruled", f.overruled}};
  out["latency_p50_ms"] = p.latency.count() > 0 ? Json(p.latency.quantile(0.5)) : Json(nullptr);
  out["latency_p95_ms"] = p.latency.count() > 0 ? Json(p.latency.quantile(0.95)) : Json(nullptr);
  out["evidence"] = std::move(evidence);
  out["to_log"] = texts(f.to_log);
  out["lines"] = lines_json(prices, p.spend);
  return out;
}

Json replay_json(const std::optional<Replayed>& r) {
  if (!r) return nullptr;
  return {{"requests", r->requests}, {"late", r->late}, {"live", r->live}, {"twice", r->twice}};
}

Json move_json(const Report& r, const Move& m) {
  return {{"caller", m.caller},
          {"name", shown(r.callers[m.caller].profile.name)},
          {"tier", name_of(m.tier)},
          {"deadline_s", m.deadline.ms / 1000},
          {"line", name_of(m.line)},
          {"now_usd", exact_usd(m.now)},
          {"then_usd", exact_usd(m.then)},
          {"saves_usd", exact_usd(m.saving())},
          {"saves_low_usd", exact_usd(m.low)},
          {"saves_high_usd", exact_usd(m.high)},
          {"saves_month_usd", month_or_null(r, m.saving())},
          {"saves_replayed_usd", m.replayed ? Json(exact_usd(m.left_of(m.saving()))) : Json(nullptr)},
          {"late_share", m.replayed ? Json(m.replayed->late_share()) : Json(nullptr)},  // only a replay tells
          {"replay", replay_json(m.replayed)},
          {"confidence_thousandths", m.confidence},
          {"rule", m.rule},
          {"provider_rule", name_or_null(m.provider_rule)},
          {"header", m.header},
          {"snippet", name_or_null(m.snippet)},
          {"command", name_or_null(m.command)},
          {"check_first", texts(m.check_first)},
          {"lost", texts(m.lost)}};
}

Json files_json(const std::vector<FileRead>& files) {
  Json out = Json::array();
  for (const FileRead& f : files) {
    Json faults = Json::array();
    for (const Fault& fault : f.faults)
      faults.push_back({{"code", fault.code}, {"reason", fault.reason}, {"count", fault.count}, {"line", fault.line}});
    out.push_back({{"name", f.name},
                   {"format", f.format ? Json(name_of(*f.format)) : Json(nullptr)},
                   {"bytes", f.bytes},
                   {"records", f.records},
                   {"calls", f.calls},
                   {"buckets", f.buckets},
                   {"passed", f.passed},
                   {"bad", f.bad()},
                   {"faults", std::move(faults)}});
  }
  return out;
}

Json hours_json(const std::array<PicoUsd, week_hours>& hours) {
  Json out = Json::array();
  for (const PicoUsd amount : hours) out.push_back(exact_usd(amount));
  return out;
}

Json reuse_json(const Report& r) {
  if (r.reuse.calls == 0) return nullptr;
  static constexpr std::string_view names[] = {"ever", "24h", "1h", "10m", "5m", "1m"};
  Json read = Json::object();
  for (size_t i = 0; i < r.reuse.read.size(); ++i) read[std::string(names[i])] = r.reuse.read[i];
  return {{"calls", r.reuse.calls},
          {"input_tokens", r.reuse.input},
          {"readable_tokens", std::move(read)},
          {"readable_5m_from_1024", r.reuse.read_5m_from_1024},
          {"at_least", r.pieces_forgotten > 0}};
}

Json buckets_json(const Report& r) {
  Json out = Json::array();
  for (const BucketSum& b : r.buckets)
    out.push_back({{"model", name_or_null(b.model)},
                   {"key", name_or_null(b.key)},
                   {"tier", b.tier ? Json(name_of(*b.tier)) : Json(nullptr)},
                   {"buckets", b.buckets},
                   {"requests", b.requests_known ? Json(b.requests) : Json(nullptr)},
                   {"tokens", tokens_json(b.usage)},
                   {"list_usd", b.priced ? Json(exact_usd(b.list)) : Json(nullptr)},
                   {"logged_usd", b.cost_known ? Json(exact_usd(b.logged)) : Json(nullptr)}});
  return out;
}

}  // namespace

Json report_json(const Report& r, size_t most_callers) {
  Json planes = Json::object(), plane_calls = Json::object();
  for (size_t v = 0; v < r.planes.size(); ++v) {
    const std::string name(name_of(static_cast<Verdict>(v)));
    planes[name] = exact_usd(r.planes[v]);
    plane_calls[name] = r.plane_calls[v];
  }
  Json callers = Json::array(), moves = Json::array(), stays = Json::array(), sensitivity = Json::array();
  PicoUsd left_out{};
  for (size_t i = 0; i < r.callers.size(); ++i)
    if (i < most_callers) callers.push_back(caller_json(r.callers[i], r.prices[i]));
    else left_out += r.callers[i].profile.spend;
  for (const Move& m : r.plan.moves) moves.push_back(move_json(r, m));
  for (const Stay& s : r.plan.stays) stays.push_back({{"caller", s.caller}, {"why", s.why}, {"replay", replay_json(s.replayed)}});
  for (const Sensitivity& s : r.sensitivity)
    sensitivity.push_back({{"batches_take_s", s.takes.ms / 1000}, {"saves_usd", exact_usd(s.saving)}, {"moves", s.moves}});
  Json lines = Json::object();
  for (int i = 0; i < line_count; ++i)
    if (const auto line = static_cast<Line>(i); line != Line::cheaper_model)
      lines[std::string(name_of(line))] = exact_usd(r.lines[static_cast<size_t>(i)]);
  Json out = {{"calls", r.calls},
              {"from", r.dated ? Json(rfc3339(r.first)) : Json(nullptr)},
              {"until", r.dated ? Json(rfc3339(r.last)) : Json(nullptr)},
              {"zone", r.settings.zone},
              {"spend_usd", exact_usd(r.spend)},
              {"unpriced_usd", exact_usd(r.unpriced)},
              {"calls_without_price", r.unknown_calls},
              {"calls_priced_as_assumed", r.assumed_calls},
              {"assumed_model", r.assumed_calls > 0 ? Json(r.settings.assumed.provider + '/' + r.settings.assumed.model) : Json(nullptr)},
              {"logged_usd", r.logged_calls > 0 ? Json(exact_usd(r.logged)) : Json(nullptr)},
              {"logged_calls", r.logged_calls},
              {"price_book", rfc3339(price::book().date())}};
  out["planes"] = std::move(planes);
  out["plane_calls"] = std::move(plane_calls);
  out["saves_usd"] = exact_usd(r.saving);
  out["saves_low_usd"] = exact_usd(r.low);
  out["saves_high_usd"] = exact_usd(r.high);
  out["saves_month_usd"] = month_or_null(r, r.saving);
  out["can_wait_usd"] = exact_usd(r.can_wait);
  out["can_wait_lines"] = std::move(lines);
  out["what_if"] = {{"caching_saves_usd", r.caching_measured ? Json(exact_usd(r.caching_saves)) : Json(nullptr)},
                    {"cheaper_model_saves_usd", exact_usd(r.model_saves)}};
  out["moves"] = std::move(moves);
  out["stays"] = std::move(stays);
  out["replayed_on"] = r.replayed ? Json(name_of(r.replayed->lanes)) : Json(nullptr);
  out["sensitivity"] = std::move(sensitivity);
  out["live_peak_per_minute"] = {{"requests_before", r.relief.calls_before},
                                 {"requests_after", r.relief.calls_after},
                                 {"tokens_before", r.relief.tokens_before},
                                 {"tokens_after", r.relief.tokens_after},
                                 {"exact", r.relief.exact}};
  out["spend_by_hour_of_week_usd"] = hours_json(r.by_hour);
  out["waiting_by_hour_of_week_usd"] = hours_json(r.waiting_by_hour);
  out["prefix_reuse"] = reuse_json(r);
  out["callers"] = std::move(callers);
  out["callers_left_out_usd"] = exact_usd(left_out);
  out["others"] = r.others ? Json({{"callers", r.others->name.users}, {"calls", r.others->calls}, {"spend_usd", exact_usd(r.others->spend)}})
                           : Json(nullptr);
  out["buckets"] = buckets_json(r);
  out["files"] = files_json(r.files);
  return out;
}

}  // namespace twolane::audit
