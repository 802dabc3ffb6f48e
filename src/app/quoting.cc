// What the quote needs from outside: what was learned, how fast calls may go, how long batches
// take.
#include "app/quoting.h"

#include "patient/output_history.h"
#include "patient/token_tables.h"
#include "plan/completion_times.h"

namespace twolane::app {
namespace {

double live_rate(const RunWorld& world, const std::string& provider) {
  for (const auto& account : world.accounts())
    if (account.provider == provider) return account.live_per_minute;
  return patient::Account{}.live_per_minute;
}

// What the store knows of hits; the first failure to read it is kept for the caller.
patient::HitsOf hits_in(store::Store& store, const std::string& world, std::optional<Error>& broken) {
  return [&store, &broken, world](const Target& target, price::CacheWay way, ServiceTier tier) {
    auto known = patient::hit_rate(store, world, target, way, tier);
    if (known) return *known;
    broken = known.error();
    return patient::assumed_hits(target, way, tier);
  };
}

}  // namespace

Quoting::Quoting(const Config& config, const std::string& home)
    : counting_(patient::token_table_directories(config.token_tables, home)), tally_(counting_) {}

patient::SeeRequest Quoting::watcher() {
  return [this](const patient::SeenRequest& request) { return tally_.see(request); };
}

Result<patient::CacheMarks> Quoting::marks(RunWorld& world, store::Store& store) const {
  std::optional<Error> broken;
  auto marks = patient::plan_marks(tally_, world.world().now(), hits_in(store, world.name(), broken));
  if (broken) return fail(*broken);
  return marks;
}

Result<std::vector<patient::QuotedChoice>> Quoting::answer(const QuoteTerms& terms,
                                                           const std::vector<Shape>& shapes,
                                                           RunWorld& world, store::Store& store) {
  patient::QuoteQuestion q;
  q.now = world.world().now();
  if (terms.has_deadline) q.deadline = terms.deadline - q.now;
  q.kept = terms.kept;
  q.critical = terms.critical;
  q.mark_caches = terms.mark_caches;
  q.worth = terms.worth;
  q.output_tokens = terms.output_tokens;
  q.output_seen = TRY(patient::output_seen(store, world.name(), shapes));
  if (!tally_.models().empty())
    q.live_per_minute = live_rate(world, tally_.models().front().target.provider);
  const Duration window = q.deadline.ms > 0 ? q.deadline : hours(24);
  q.batch_late = plan::CompletionTimes().beyond(window);
  std::optional<Error> broken;
  q.hits = hits_in(store, world.name(), broken);
  const auto learned = [&](const Target& target) {
    auto found = patient::learned_tokens(store, world.name(), target);
    if (found) return *found;
    broken = found.error();
    return price::tokens::Correction{};
  };
  auto choices = patient::quote(tally_, counting_, learned, q);
  if (broken) return fail(*broken);
  return choices;
}

}  // namespace twolane::app
