// Folding, the file, and the words.
#include "gateway/findings.h"

#include <algorithm>

#include "audit/report.h"
#include "audit/report_json.h"
#include "gateway/books.h"
#include "store/small_file.h"

namespace twolane::gateway {
namespace {

using wire::Json;

constexpr Duration between_saves = minutes(5);
constexpr size_t callers_told = 50;

Error io_fault(const std::string& path, const std::string& why) {
  Error e;
  e.code = "findings.io";
  e.message = "the findings cannot be kept";
  e.where.file = path;
  e.why = "the system says: " + why;
  e.next = {"check the disk; the findings of this process stay in memory"};
  return e;
}

const audit::Move* move_of(const audit::Report& r, size_t caller) {
  for (const audit::Move& m : r.plan.moves)
    if (m.caller == caller) return &m;
  return nullptr;
}

Json finding_json(const audit::Report& r, size_t i) {
  const audit::Caller& c = r.callers[i];
  const audit::Move* move = move_of(r, i);
  const auto text = [](const std::string& s) { return s.empty() ? Json(nullptr) : Json(s); };
  const std::string how_long = c.finding.verdict == audit::Verdict::can_wait_hours ? "hours" : "minutes";
  const std::string usd = shown_usd(c.profile.spend, 2, Round::half_even);
  Json out = {{"key", text(c.profile.name.key)},
              {"route", text(c.profile.name.route)},
              {"client", text(c.profile.name.client)},
              {"model", text(c.profile.model)},
              {"verdict", audit::name_of(c.finding.verdict)},
              {"confidence_thousandths", c.finding.confidence},
              {"calls", c.profile.calls},
              {"spend_usd", exact_usd(c.profile.spend)},
              {"saves_usd", move != nullptr ? Json(exact_usd(move->saving())) : Json(nullptr)},
              {"tier", move != nullptr ? Json(name_of(move->tier)) : Json(nullptr)},
              {"deadline_s", move != nullptr ? Json(move->deadline.ms / 1000) : Json(nullptr)},
              {"header", move != nullptr ? Json(move->header) : Json(nullptr)}};
  out["words"] = brief(c.profile.name) + " could have waited for " + how_long + "; last 7 days that was " + usd + " USD";
  return out;
}

}  // namespace

Findings::Findings(std::string path, int zone_minutes, std::string zone) : path_(std::move(path)), rolling_(zone_minutes, std::move(zone)) {}

Status Findings::load() {
  std::string text;
  if (store::read_whole(path_, text)) return {};  // there is none yet
  const auto json = wire::parse_json(text);
  if (!json) return fail("audit.saved", "the saved findings cannot be read", json.error().message);
  return rolling_.load(*json);
}

Status Findings::look(Time now) {
  // Threads note what they relay each for itself, in the order in which it ends: merged by that, as in a
  // log, the calls are one traffic.
  bytes_.resize(books_.size());
  std::vector<SightingReader> threads;
  for (size_t i = 0; i < books_.size(); ++i) {
    books_[i]->take_sightings(bytes_[i]);
    if (SightingReader reader(bytes_[i]); reader.next()) threads.push_back(reader);
  }
  while (!threads.empty()) {
    const auto first = std::ranges::min_element(threads, {}, &SightingReader::end);
    rolling_.take(first->call());
    if (!first->next()) threads.erase(first);
  }
  if (saved_.ms == 0) saved_ = now;
  if (rolling_.taken() == saved_calls_ || now < saved_ + between_saves) return {};
  saved_ = now;
  return save();
}

Status Findings::save() {
  if (rolling_.taken() == saved_calls_) return {};
  if (const auto failed = store::replace_durably(path_, wire::dump(rolling_.saved())))
    return fail(io_fault(path_, failed.message()));
  saved_calls_ = rolling_.taken();
  return {};
}

Json Findings::told(Time now, std::optional<std::string_view> key, bool whole) {
  const audit::Report r = audit::make_report(rolling_.week(now, key), {}, {}, PicoUsd{1});
  Json findings = Json::array();
  for (size_t i = 0; i < r.callers.size() && findings.size() < callers_told; ++i)
    if (audit::can_wait(r.callers[i].finding.verdict)) findings.push_back(finding_json(r, i));
  Json out = {{"days", audit::Rolling::kept_days},
              {"zone", r.settings.zone},
              {"from", r.dated ? Json(rfc3339(r.first)) : Json(nullptr)},
              {"until", r.dated ? Json(rfc3339(r.last)) : Json(nullptr)},
              {"calls", r.calls},
              {"spend_usd", exact_usd(r.spend)},
              {"could_have_waited_usd", exact_usd(r.can_wait)},
              {"saves_usd", exact_usd(r.saving)}};
  out["findings"] = std::move(findings);
  if (whole) out["report"] = audit::report_json(r, callers_told);
  return out;
}

}  // namespace twolane::gateway
