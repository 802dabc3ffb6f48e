// twolane ledger reconcile FILE: where the provider's own report differs from the ledger.
#include <fstream>
#include <sstream>

#include "app/commands.h"
#include "app/escape.h"
#include "app/figures.h"
#include "app/ledger_view.h"
#include "patient/reconciliation.h"
#include "store/home.h"

namespace twolane::app {
namespace {

using patient::Compared;

Result<std::string> read_report(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  if (file && !file.bad()) return std::move(text).str();
  Error e;
  e.code = "input.file";
  e.message = "the report cannot be read";
  e.where.file = path;
  e.next = {"check the path"};
  return fail(std::move(e));
}

wire::Json side_json(const Compared& c, const Compared::Side& s) {
  const auto when = [](bool told, wire::Json value) {
    return told ? std::move(value) : wire::Json(nullptr);
  };
  return {{"requests", when(c.compares_requests, s.requests)},
          {"input_tokens", when(c.compares_usage, s.usage.input())},
          {"cached_tokens", when(c.compares_usage && c.splits_cache, s.usage.cache_read)},
          {"output_tokens", when(c.compares_usage, s.usage.output)},
          {"cost_usd", when(c.compares_cost, exact_usd(s.cost))}};
}

wire::Json compared_json(const Compared& c) {
  return {{"from", rfc3339(c.begin)},
          {"until", rfc3339(c.end)},
          {"model", c.model.empty() ? wire::Json(nullptr) : wire::Json(c.model)},
          {"tiers", c.tiers},
          {"differs", c.differs()},
          {"ledger", side_json(c, c.ours)},
          {"report", side_json(c, c.theirs)}};
}

// "requests 12 here, 13 there; cost 0.0031 here, 0.0033 there": what differs only.
std::string difference(const Compared& c) {
  std::string out;
  const auto say = [&](std::string_view what, const std::string& here, const std::string& there) {
    if (here == there) return;
    out +=
        (out.empty() ? "" : "; ") + std::string(what) + ' ' + here + " here, " + there + " there";
  };
  const auto &a = c.ours, &b = c.theirs;
  if (c.compares_requests) say("requests", grouped(a.requests), grouped(b.requests));
  if (c.compares_usage) {
    say("input", grouped(a.usage.input()), grouped(b.usage.input()));
    if (c.splits_cache) say("cached", grouped(a.usage.cache_read), grouped(b.usage.cache_read));
    say("output", grouped(a.usage.output), grouped(b.usage.output));
  }
  if (c.compares_cost) say("USD", exact_usd(a.cost), exact_usd(b.cost));
  return out;
}

std::string name_of_group(const Compared& c) {
  return escaped(c.model.empty() ? "all models" : c.model, 40) + ", " + c.tiers;
}

std::string text_of(const patient::Reconciliation& r, const patient::ProviderExport& report) {
  std::string out = "ledger against " + r.provider() + ": " + counted(r.entries(), "entry") +
                    " within the report\n";
  int64_t differing = 0;
  for (const auto& sum : r.sums()) {
    out +=
        "  " + std::string(sum.differs() ? "DIFFERS  " : "equal    ") + name_of_group(sum) + '\n';
    if (!sum.differs()) continue;
    ++differing;
    out += "           " + difference(sum) + '\n';
  }
  if (r.unmatched().entries > 0)
    out += "  DIFFERS  booked here, in no line of the report: " +
           counted(r.unmatched().entries, "entry") + ", " + exact_usd(r.unmatched().cost) +
           " USD\n";
  int64_t buckets = 0;
  std::string lines;
  for (const auto& cell : r.cells()) {
    if (!cell.differs()) continue;
    if (++buckets <= 20)
      lines +=
          "  " + rfc3339(cell.begin) + "  " + name_of_group(cell) + ": " + difference(cell) + '\n';
  }
  if (buckets > 0) {
    out +=
        "by bucket (an entry stands where its answer was collected, not where it was served):\n" +
        lines;
    if (buckets > 20) out += "  and " + grouped(buckets - 20) + " more: --json lists all\n";
  }
  if (report.more) out += "the report goes on: its last page says that there are others\n";
  return out;
}

Result<int> reconcile(const Shell& shell) {
  const auto report = patient::read_provider_export(TRY(read_report(shell.in.ledger.file)));
  if (!report) {
    Error e = report.error();
    e.where.file = shell.in.ledger.file;
    return fail(std::move(e));
  }
  const auto config = TRY(load_config(shell.in.common.config));
  const auto home = TRY(store::Home::beside(home_directory(shell.in.common.home, config)));
  const auto view = TRY(LedgerView::open(shell, home->store(), config));
  patient::Reconciliation found(*report);
  CHECKED(view.each(home->store(), [&](const patient::LedgerEntry& e) -> Status {
    found.add(e);
    return {};
  }));
  bool equal = found.unmatched().entries == 0;
  auto object = good_answer();
  object["provider"] = found.provider();
  object["simulated"] = view.simulated;
  object["entries"] = found.entries();
  object["sums"] = wire::Json::array();
  for (const auto& sum : found.sums()) {
    equal = equal && !sum.differs();
    object["sums"].push_back(compared_json(sum));
  }
  object["buckets"] = wire::Json::array();
  for (const auto& cell : found.cells())
    if (cell.differs()) object["buckets"].push_back(compared_json(cell));
  object["not_in_report"] = {{"entries", found.unmatched().entries},
                             {"cost_usd", exact_usd(found.unmatched().cost)}};
  object["report_goes_on"] = report->more;
  object["equal"] = equal;
  object["exit"] = equal ? 0 : 1;
  object["error"] = nullptr;
  if (!shell.in.common.json) {
    if (view.simulated) shell.print("SIMULATED: no money was spent\n");
    shell.print(text_of(found, *report));
  }
  shell.answer(object);
  return equal ? 0 : 1;
}

}  // namespace

int reconcile_command(const Shell& shell) {
  const auto done = reconcile(shell);
  return done ? *done : shell.refuse(done.error());
}

}  // namespace twolane::app
