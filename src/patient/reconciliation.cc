// Report lines with the same bucket, model and tiers are one cell.
#include "patient/reconciliation.h"

#include <algorithm>
#include <tuple>

#include "model/model_name.h"

namespace twolane::patient {
namespace {

std::string tiers_name(const ExportLine& line) {
  switch (line.tiers) {
    case ExportLine::Tiers::any:
      return "all";
    case ExportLine::Tiers::batch:
      return "batch";
    case ExportLine::Tiers::not_batch:
      return "not batch";
    case ExportLine::Tiers::one:
      break;
  }
  return std::string(name_of(line.tier));
}

void add_side(Compared::Side& to, const Usage& usage, int64_t requests, PicoUsd cost) {
  to.usage.fresh += usage.fresh;
  to.usage.cache_read += usage.cache_read;
  to.usage.cache_write_5m += usage.cache_write_5m;
  to.usage.cache_write_1h += usage.cache_write_1h;
  to.usage.output += usage.output;
  to.requests += requests;
  to.cost += cost;
}

// A snapshot's entries belong to its family's line, and the other way about.
bool same_model(std::string_view a, std::string_view b) {
  std::string x = model_key(a), y = model_key(b);
  if (x == y) return true;
  x.resize(x.size() - snapshot_suffix(x));
  y.resize(y.size() - snapshot_suffix(y));
  return x == y;
}

}  // namespace

bool Compared::differs() const {
  const auto& a = ours.usage;
  const auto& b = theirs.usage;
  if (compares_usage) {
    if (a.input() != b.input() || a.output != b.output) return true;
    if (splits_cache && a.cache_read != b.cache_read) return true;
  }
  if (compares_requests && ours.requests != theirs.requests) return true;
  const PicoUsd off = ours.cost < theirs.cost ? theirs.cost - ours.cost : ours.cost - theirs.cost;
  return compares_cost && off > PicoUsd{static_cast<__int128>(1'000'000) * report_lines};
}

Reconciliation::Reconciliation(const ProviderExport& report) : provider_(report.provider) {
  std::map<std::tuple<int64_t, std::string, std::string, bool>, size_t> known;
  for (const ExportLine& line : report.lines) {
    const auto key = std::tuple(line.begin.ms, line.model, tiers_name(line), line.has_cost);
    const auto [at, fresh] = known.try_emplace(key, cells_.size());
    if (fresh) {
      Compared cell;
      cell.begin = line.begin;
      cell.end = line.end;
      cell.model = line.model;
      cell.tiers = tiers_name(line);
      cell.compares_usage = line.has_usage;
      cell.compares_cost = line.has_cost;
      cell.compares_requests = line.requests >= 0;
      cell.splits_cache = line.splits_cache;
      cells_.push_back(std::move(cell));
      keys_.push_back(line);
      begin_[line.begin.ms].push_back(at->second);
    }
    Compared& cell = cells_[at->second];
    add_side(cell.theirs, line.usage, std::max<int64_t>(line.requests, 0), line.cost);
    ++cell.report_lines;
  }
}

void Reconciliation::add(const LedgerEntry& entry) {
  if (!entry.booked() || entry.batch->provider != provider_) return;
  const Time at = entry.attempt->at;
  auto bucket = begin_.upper_bound(at.ms);
  if (bucket == begin_.begin()) return;
  --bucket;
  bool within = false, matched = false;
  for (const size_t i : bucket->second) {
    if (at >= cells_[i].end) continue;
    within = true;
    if (!keys_[i].covers(entry.tier())) continue;
    if (!keys_[i].model.empty() && !same_model(keys_[i].model, entry.batch->model)) continue;
    matched = true;
    add_side(cells_[i].ours, entry.attempt->usage, 1, entry.attempt->cost);
  }
  if (!within) return;
  ++entries_;
  if (!matched) unmatched_.add(entry);
}

std::vector<Compared> Reconciliation::sums() const {
  std::map<std::tuple<bool, std::string, std::string>, Compared> by;
  for (const Compared& cell : cells_) {
    const auto [at, fresh] =
        by.try_emplace(std::tuple(cell.compares_cost, cell.model, cell.tiers), cell);
    if (fresh) continue;
    Compared& sum = at->second;
    add_side(sum.ours, cell.ours.usage, cell.ours.requests, cell.ours.cost);
    add_side(sum.theirs, cell.theirs.usage, cell.theirs.requests, cell.theirs.cost);
    sum.begin = std::min(sum.begin, cell.begin);
    sum.end = std::max(sum.end, cell.end);
    sum.report_lines += cell.report_lines;
    sum.compares_requests = sum.compares_requests && cell.compares_requests;
  }
  std::vector<Compared> sums;
  for (auto& [key, sum] : by) sums.push_back(std::move(sum));
  return sums;
}

}  // namespace twolane::patient
