// See chains.h. What is needed lies earlier in the input, so ascending order is an order of the chain.
#include "store/sqlite/chains.h"

#include "wire/json.h"

namespace twolane::store::sqlite {
namespace {

constexpr const char* select_followers =
    "SELECT need.request FROM need JOIN request ON request.request = need.request "
    "WHERE need.needed = ?1 AND request.state = ?2";

std::string reason_json(RequestState as, int64_t line) {
  const bool cancelled = as == RequestState::cancelled;
  const std::string which = "line " + std::to_string(line) + ", which it comes after, ";
  return wire::dump({{"code", cancelled ? "request.after_cancelled" : "request.after_failed"},
                     {"message", which + (cancelled ? "was cancelled" : "has " + std::string(name_of(as)))}});
}

}  // namespace

// ---------------------------------------------------------------- following

void Followers::ended(JobRow& job, int64_t key, RequestState as) {
  if (job.job.totals.of(RequestState::waiting) == 0) return;
  if (as == RequestState::succeeded) {
    perhaps_open_[key] = &job;
  } else {
    ended_badly_.push_back({&job, key, as, key});
  }
}

Result<std::vector<int64_t>> Followers::waiting_for(int64_t key) {
  Query query(connection_, select_followers);
  query.with(key, letter_of(RequestState::waiting));
  std::vector<int64_t> keys;
  while (TRY(query.next())) keys.push_back(query.integer(0));
  return keys;
}

Result<int64_t> Followers::follow() {
  while (!ended_badly_.empty()) {
    const Ended one = ended_badly_.back();
    ended_badly_.pop_back();
    CHECKED(end_followers(one));
  }
  CHECKED(open_followers());
  return count_;
}

Status Followers::end_followers(const Ended& of) {
  const RequestState to =
      of.as == RequestState::cancelled ? RequestState::cancelled : RequestState::failed;
  for (const int64_t key : TRY(waiting_for(of.key))) {
    Query update(connection_, "UPDATE request SET state = ?2, reason = ?3 WHERE request = ?1");
    CHECKED(update.with(key, letter_of(to), TRY(reason(*of.job, of))).done());
    jobs_.moved(*of.job, 0, RequestState::waiting, to);  // never open: the shape does not matter
    ended_badly_.push_back({of.job, key, of.as, of.root});
    ++count_;
  }
  return {};
}

Result<int64_t> Followers::reason(const JobRow& job, const Ended& of) {
  if (const auto known = reasons_.find(of.root); known != reasons_.end()) return known->second;
  int64_t line = 0;
  {
    Query query(connection_, "SELECT line_after_idx FROM request WHERE request = ?1");
    query.with(of.root);
    if (TRY(query.next())) line = query.integer(0) + index_of(of.root);
  }
  const int64_t number = TRY(add_reason(connection_, job.lot, reason_json(of.as, line)));
  reasons_.emplace(of.root, number);
  return number;
}

// Each of them is asked once, however many of its needs have succeeded together.
Status Followers::open_followers() {
  std::map<int64_t, JobRow*> followers;
  for (const auto& [key, job] : perhaps_open_)
    for (const int64_t follower : TRY(waiting_for(key))) followers.emplace(follower, job);
  Query unmet(connection_,
              "SELECT 1 FROM need JOIN request AS needed ON needed.request = need.needed "
              "WHERE need.request = ?1 AND needed.state <> 's' LIMIT 1");
  Query shape(connection_, "SELECT shape FROM request WHERE request = ?1");
  Query open(connection_, "UPDATE request SET state = 'o' WHERE request = ?1");
  for (const auto& [key, job] : followers) {
    const bool waits = TRY(unmet.with(key).next());
    unmet.over();
    if (waits) continue;
    TRY(shape.with(key).next());
    const auto number = static_cast<int32_t>(shape.integer(0));
    shape.over();
    CHECKED(open.with(key).done());
    jobs_.moved(*job, number, RequestState::waiting, RequestState::open);
  }
  return {};
}

// ---------------------------------------------------------------- reopening

Result<bool> has_needs(Connection& connection, int64_t lot) {
  Query query(connection, "SELECT 1 FROM need WHERE request BETWEEN ?1 AND ?2 LIMIT 1");
  return query.with(request_key(lot, 0), request_key(lot, index_limit - 1)).next();
}

Result<int64_t> Reopening::all() {
  {
    Query query(connection_,
                "SELECT request FROM request "
                "WHERE request BETWEEN ?1 AND ?2 AND state IN ('f', 'e') AND length > 0");
    query.with(request_key(job_.lot, 0), request_key(job_.lot, index_limit - 1));
    while (TRY(query.next())) queue_.insert(query.integer(0));
  }
  return reopen_in_order();
}

Result<int64_t> Reopening::one(int64_t index) {
  CHECKED(add_with_what_it_needs(request_key(job_.lot, index)));
  return reopen_in_order();
}

Status Reopening::add_with_what_it_needs(int64_t key) {
  std::vector<int64_t> to_add = {key};
  Query needed(connection_,
               "SELECT need.needed FROM need JOIN request ON request.request = need.needed "
               "WHERE need.request = ?1 AND request.state IN ('f', 'e')");
  while (!to_add.empty()) {
    const int64_t next = to_add.back();
    to_add.pop_back();
    if (!queue_.insert(next).second) continue;
    needed.with(next);
    while (TRY(needed.next())) to_add.push_back(needed.integer(0));
  }
  return {};
}

// A request that ended with one that it comes after is looked at again when that one is reopened. Who
// needs what has ended for good (cancelled, or set aside) stays.
Result<int64_t> Reopening::reopen_in_order() {
  Query look(connection_, "SELECT shape, state, length FROM request WHERE request = ?1");
  Query needs(connection_,
              "SELECT coalesce(max(needed.state IN ('f', 'e', 'c')), 0),"
              " coalesce(max(needed.state <> 's'), 0) "
              "FROM need JOIN request AS needed ON needed.request = need.needed "
              "WHERE need.request = ?1");
  Query update(connection_,
               "UPDATE request SET state = ?2, tries = 0, decider = NULL, reason = NULL "
               "WHERE request = ?1");
  Query followers(connection_, select_followers);
  int64_t moved = 0;
  while (!queue_.empty()) {
    const int64_t key = *queue_.begin();
    queue_.erase(queue_.begin());
    if (!TRY(look.with(key).next())) continue;
    const auto shape = static_cast<int32_t>(look.integer(0));
    const RequestState from = TRY(request_state_of(look.text(1)));
    const bool set_aside = look.integer(2) == 0;
    look.over();
    if (!may_be_retried(from) || set_aside) continue;
    TRY(needs.with(key).next());
    const bool in_vain = needs.integer(0) != 0, waits = needs.integer(1) != 0;
    needs.over();
    if (in_vain) continue;
    const RequestState to = waits ? RequestState::waiting : RequestState::open;
    CHECKED(update.with(key, letter_of(to)).done());
    jobs_.moved(job_, shape, from, to);
    ++moved;
    for (const RequestState ended : {RequestState::failed, RequestState::expired}) {
      followers.with(key, letter_of(ended));
      while (TRY(followers.next())) queue_.insert(followers.integer(0));
    }
  }
  return moved;
}

}  // namespace twolane::store::sqlite
