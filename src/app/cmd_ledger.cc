// twolane ledger: what was booked, as sums or as every entry. Read beside the home's owner.
#include <unistd.h>

#include <algorithm>
#include <array>

#include "app/accounts.h"
#include "app/commands.h"
#include "app/config.h"
#include "app/escape.h"
#include "app/figures.h"
#include "app/find.h"
#include "app/ledger_view.h"
#include "app/output_file.h"
#include "app/usage_error.h"
#include "app/worlds.h"
#include "gateway/in_flight.h"
#include "patient/custom_ids.h"
#include "wire/csv.h"

namespace twolane::app {
namespace {

using patient::Booking;
using patient::LedgerEntry;
using patient::LedgerSum;
using patient::LedgerSums;
using patient::SumBy;

// --- every entry

constexpr std::array<std::string_view, 29> columns = {
    "at",          "job",          "request",        "custom_id",      "attempt",    "booking",
    "provider",    "key",          "model",          "endpoint",       "tier_asked", "tier",
    "promoted",    "batch",        "response_id",    "fresh",          "cache_read", "cache_write_5m",
    "cache_write_1h", "output",    "reasoning",      "audio_input",    "image_output", "searches",
    "rate",        "cost_usd",     "list_usd",       "up_to_usd",      "simulated"};

void append_header(std::string& out) { wire::append_csv_record(out, columns); }

struct Shown {
  bool simulated = false;
  price::Reading reading = price::Reading::ranked;
};

void append_entry(std::string& out, const LedgerEntry& e, const std::string& custom_id, const Shown& shown) {
  const Attempt& a = *e.attempt;
  const auto n = [](int64_t number) { return std::to_string(number); };
  const bool booked = e.booked(), of_request = !e.content;
  const bool used = booked && of_request;
  const std::array<std::string, columns.size()> fields = {
      a.at.ms != 0 ? rfc3339(a.at) : "",
      e.job.hex(),
      of_request ? n(a.index + 1) : "",
      custom_id,
      of_request ? a.key.batch.hex() + '-' + n(a.key.position) : "",
      std::string(name_of(e.booking)),
      e.batch->provider,
      e.batch->account,
      e.batch->model,
      std::string(wire_name(e.batch->endpoint)),
      std::string(of_request ? name_of(e.batch->tier) : e.lane()),
      booked ? std::string(e.lane()) : "",
      e.batch->promotion ? "yes" : "no",
      e.batch->provider_id,
      a.response_id,
      used ? n(a.usage.fresh) : "",
      used ? n(a.usage.cache_read) : "",
      used ? n(a.usage.cache_write_5m) : "",
      used ? n(a.usage.cache_write_1h) : "",
      used ? n(a.usage.output) : "",
      used ? n(a.usage.reasoning) : "",
      used ? n(a.usage.audio_input) : "",
      used ? n(a.usage.image_output) : "",
      used ? n(a.usage.searches) : "",
      booked ? patient::rate_row(e) : "",
      booked ? exact_usd(cost_by(e, shown.reading)) : "",
      used ? exact_usd(a.list) : "",
      booked ? "" : exact_usd(a.reserve),
      shown.simulated ? "yes" : "no"};
  std::array<std::string_view, columns.size()> views;
  std::copy(fields.begin(), fields.end(), views.begin());
  wire::append_csv_record(out, views);
}

// --- sums

struct Table {
  SumBy by = SumBy::model;
  price::Reading reading = price::Reading::ranked;
  LedgerSums groups;
  LedgerSum total;
};

// Which part of the input was read from caches.
wire::Json cached_json(const Usage& u) {
  wire::Json share = nullptr;
  if (u.input() > 0) share = static_cast<double>(u.cache_read * 1000 / u.input()) / 1000;
  return {{"input_tokens", u.input()}, {"cached_tokens", u.cache_read}, {"share", std::move(share)}};
}

Usage unmarked(const LedgerSum& s) {
  Usage u;
  u.fresh = s.usage.input() - s.marked.input() - (s.usage.cache_read - s.marked.cache_read);
  u.cache_read = s.usage.cache_read - s.marked.cache_read;
  return u;
}

wire::Json sum_json(const LedgerSum& s) {
  return {{"entries", s.entries},
          {"input_tokens", s.usage.input()},
          {"cached_tokens", s.usage.cache_read},
          {"cache_write_tokens", s.usage.cache_write_5m + s.usage.cache_write_1h},
          {"output_tokens", s.usage.output},
          {"audio_input_tokens", s.usage.audio_input},
          {"image_output_tokens", s.usage.image_output},
          {"searches", s.usage.searches},
          {"entries_with_unknown_extras", s.unknown_extras},
          {"cost_usd", exact_usd(s.cost)},
          {"list_cost_usd", exact_usd(s.list)},
          {"saved_usd", exact_usd(s.list - s.cost)},
          {"saved_by_caching_usd", exact_usd(s.cached)},
          {"cached_with_marks", cached_json(s.marked)},
          {"cached_without_marks", cached_json(unmarked(s))},
          {"storage_usd", exact_usd(s.storage)},
          {"other_reading_usd", exact_usd(s.other)},
          {"paid_twice_usd", exact_usd(s.paid_twice)},
          {"unconfirmed", s.unconfirmed_entries},
          {"unconfirmed_usd", exact_usd(s.unconfirmed)},
          {"reserved_usd", exact_usd(s.reserved)}};
}

// What marks and keys brought: the cached share of jobs with them beside that of jobs without.
std::string cached_text(const LedgerSum& s) {
  const auto text = [](const Usage& u) { return share(u.cache_read, u.input()) + " of " + grouped(u.input()); };
  if (s.marked.input() == 0) return {};
  std::string out = "cached with marks or keys: " + text(s.marked) + " input tokens";
  if (const Usage rest = unmarked(s); rest.input() > 0) out += "; without: " + text(rest);
  return out + '\n';
}

std::string extras_text(const LedgerSum& s) {
  if (!s.usage.has_extras()) return {};
  std::string out = "of these " + grouped(s.usage.audio_input) + " tokens of audio, " + grouped(s.usage.image_output) +
                    " of images, " + counted(s.usage.searches, "web search") + " beside them";
  if (s.unknown_extras > 0)
    out += "; their price is unknown in " + counted(s.unknown_extras, "booked entry") + ", which may cost more";
  return out + '\n';
}

std::string reading_text(const Table& t) {
  if (t.total.other == t.total.cost) return {};
  const bool ranked = t.reading == price::Reading::ranked;
  return "sources differ on rates used here: " + spoken_usd(t.total.other) + " USD by the " +
         (ranked ? "other reading (--billing other)" : "ranked reading, which is booked") + '\n';
}

std::string table_text(const Table& t) {
  std::vector<PicoUsd> paid, list;
  size_t name_width = 10;
  for (const auto& [name, sum] : t.groups) {
    paid.push_back(sum.cost);
    list.push_back(sum.list);
    name_width = std::max(name_width, std::min<size_t>(columns_of(escaped(name)), 40));
  }
  const int decimals =
      std::max(decimals_that_add_up(paid, t.total.cost), decimals_that_add_up(list, t.total.list));
  const auto usd = [decimals](PicoUsd p) { return shown_usd(p, decimals, Round::half_even); };
  const size_t money = std::max<size_t>(11, usd(t.total.list).size() + 2);
  const auto row = [&](std::string_view name, std::string_view a, std::string_view b,
                       std::string_view c, std::string_view d, std::string_view e) {
    return left(name, name_width + 1) + right(a, 10) + right(b, 14) + right(c, 14) +
           right(d, money) + right(e, money) + '\n';
  };
  std::string out = row(name_of(t.by), "entries", "input", "output", "paid USD", "list USD");
  for (const auto& [name, s] : t.groups)
    out += row(escaped(name, 40), grouped(s.entries), grouped(s.usage.input()),
               grouped(s.usage.output), usd(s.cost), usd(s.list));
  const LedgerSum& s = t.total;
  out += row("total", grouped(s.entries), grouped(s.usage.input()), grouped(s.usage.output),
             usd(s.cost), usd(s.list));
  out += "saved " + spoken_usd(s.list - s.cost) + " (" + share(s.list - s.cost, s.list) + ")";
  if (s.paid_twice.n != 0) out += ", paid twice " + spoken_usd(s.paid_twice);
  if (s.cached.n != 0) out += ", by caching " + spoken_usd(s.cached);
  if (s.storage.n != 0) out += " (after " + spoken_usd(s.storage) + " for storage)";
  if (s.unconfirmed_entries > 0)
    out += ", unconfirmed up to " + spoken_usd(s.unconfirmed) + " (" +
           grouped(s.unconfirmed_entries) + ")";
  if (s.reserved.n != 0) out += ", reserved " + spoken_usd(s.reserved);
  return out + '\n' + extras_text(s) + cached_text(s) + reading_text(t);
}

// Calls through `serve` that a kill cut off: they are no job's, and stand in no entry.
std::string left_text(const gateway::Unconfirmed& left) {
  if (left.calls == 0) return {};
  return "beside this: " + counted(left.calls, "interactive call") + " of serve cut off by a kill, unconfirmed up to " +
         spoken_usd(left.up_to) + (left.unpriced > 0 ? ", bound unknown for " + grouped(left.unpriced) : "") + '\n';
}

int print_sums(const Shell& shell, const Table& table, bool simulated, const gateway::Unconfirmed& left) {
  if (!shell.in.common.json) {
    if (simulated) shell.print("SIMULATED: no money was spent\n");
    if (table.total.entries + table.total.unconfirmed_entries == 0 && table.total.reserved.n == 0)
      shell.print("nothing was booked yet\n");
    else
      shell.print(table_text(table));
    shell.print(left_text(left));
  }
  auto object = good_answer();
  object["simulated"] = simulated;
  object["by"] = name_of(table.by);
  object["billing"] = price::name_of(table.reading);
  object["groups"] = wire::Json::array();
  for (const auto& [name, sum] : table.groups) {
    wire::Json one = {{std::string(name_of(table.by)), name}};
    one.update(sum_json(sum));
    object["groups"].push_back(std::move(one));
  }
  object["total"] = sum_json(table.total);
  object["interactive_unconfirmed"] = {
      {"calls", left.calls}, {"up_to_usd", exact_usd(left.up_to)}, {"unpriced", left.unpriced}};
  object["error"] = nullptr;
  shell.answer(object);
  return 0;
}

Result<price::Reading> reading_asked(const Shell& shell) {
  const std::string& billing = shell.in.ledger.billing;
  if (billing.empty() || billing == "ranked") return price::Reading::ranked;
  if (billing == "other") return price::Reading::other;
  return fail(usage_error("--billing", '"' + billing + "\" is no reading of the price rules",
                          "ranked is how entries are booked, other is the next best claim where sources differ",
                          "twolane ledger --billing other"));
}

Result<int> show_sums(const Shell& shell, store::Store& store, const LedgerView& view, const std::string& directory) {
  Table table;
  if (!shell.in.ledger.by.empty()) {
    const auto by = patient::sum_by_of(shell.in.ledger.by);
    if (!by)
      return fail(usage_error("--by", '"' + shell.in.ledger.by + "\" is nothing to sum by",
                              "sums are by key, job, model, lane or day", "twolane ledger --by model"));
    table.by = *by;
  }
  table.reading = TRY(reading_asked(shell));
  CHECKED(view.each(store, [&](const LedgerEntry& e) -> Status {
    table.groups[group_of(table.by, e)].add(e, table.reading);
    table.total.add(e, table.reading);
    return {};
  }));
  const auto left = view.job ? gateway::Unconfirmed{}
                             : gateway::unconfirmed_calls(directory + (view.simulated ? "/sim-server" : "/doors"));
  return print_sums(shell, table, view.simulated, left);
}

constexpr size_t block = 1 << 16;

Result<int> write_entries(const Shell& shell, store::Home& home, const LedgerView& view) {
  const Shown shown{view.simulated, TRY(reading_asked(shell))};
  const bool to_stdout = shell.in.ledger.csv == "-";
  if (to_stdout && shell.in.common.json) {
    Error e;
    e.code = "usage.conflict";
    e.message = "--csv - and --json exclude each other";
    e.where.field = "--csv -";
    e.why = "both want stdout";
    e.next = {"--csv FILE --json"};
    return fail(std::move(e));
  }
  std::optional<OutputFile> file;
  if (!to_stdout) file.emplace(TRY(OutputFile::create(shell.in.ledger.csv)));
  std::string out;
  const auto flush = [&](size_t least) -> Status {
    if (out.size() < least) return {};
    if (file)
      CHECKED(file->write(out));
    else if (!shell.print(out))
      return fail("output.closed", "nobody reads the output");
    out.clear();
    return {};
  };
  append_header(out);
  LedgerSum total;
  patient::CustomIds ids(home.store(), home.payloads());
  CHECKED(view.each(home.store(), [&](const LedgerEntry& e) -> Status {
    const std::string custom_id = e.of && !e.content ? TRY(ids.of(*e.of, e.attempt->index)) : std::string();
    append_entry(out, e, custom_id, shown);
    total.add(e, shown.reading);
    return flush(block);
  }));
  CHECKED(flush(1));
  if (!file) return 0;
  CHECKED(file->publish());
  if (!shell.in.common.json)
    shell.print(counted(total.entries, "booked entry") + ", " + spoken_usd(total.cost) +
                " USD: " + escaped(shell.in.ledger.csv) + '\n');
  auto object = good_answer();
  object["simulated"] = view.simulated;
  object["billing"] = price::name_of(shown.reading);
  object["output"] = shell.in.ledger.csv;
  object["total"] = sum_json(total);
  object["error"] = nullptr;
  shell.answer(object);
  return 0;
}

}  // namespace

int ledger_command(const Shell& shell) {
  const auto run = [&shell]() -> Result<int> {
    const auto config = TRY(load_config(shell.in.common.config));
    const std::string directory = home_directory(shell.in.common.home, config);
    const auto home = TRY(store::Home::beside(directory));
    const auto view = TRY(LedgerView::open(shell, home->store(), config));
    return shell.in.ledger.csv.empty() ? show_sums(shell, home->store(), view, directory)
                                       : write_entries(shell, *home, view);
  };
  const auto done = run();
  return done ? *done : shell.refuse(done.error());
}

}  // namespace twolane::app
