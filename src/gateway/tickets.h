// Patient requests of synchronous doors: each gets a ticket, many tickets become one job, and so one
// provider batch.
//
// Guarantee: a ticket that take() gave is durable, and bought once: tickets are collected into groups
// whose intent is in the journal before their job is accepted, and a job's name is a hash of the
// group, so that doing it again after a crash finds the same job.
// A group is closed by size, or a twentieth of its shortest window after its first ticket, at most 15
// minutes. Journal: HOME/doors/tickets.jsonl. Threads: the keeper's. Errors: shelf.io, and the store's.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "gateway/doors.h"
#include "model/job.h"
#include "patient/standing.h"
#include "wire/http.h"
#include "wire/json.h"

namespace twolane::gateway {

class Keeper;

inline constexpr double default_on_time = patient::Terms().on_time;

struct Ticket {
  std::string id, owner, idempotency, digest;  // digest: of what was asked
  Dialect door = Dialect::openai;
  Endpoint endpoint = Endpoint::chat_completions;
  std::string model, body;  // body: until its group is a job
  std::string group;        // empty: not collected yet
  Time created, deadline;
  bool kept = false, rush = false, cancelled = false;
  int32_t steps_after = 0;  // of its chain
  double on_time = default_on_time;  // wanted probability of keeping its deadline
  bool orphan = false;      // its connection broke before the answer was delivered
  bool delivered = false;
  std::function<void(const Ticket&)> then;  // who waits for it
};

// What became of a ticket, in its door's words.
struct TicketAnswer {
  int status = 200;
  std::string body;
};

class Tickets {
 public:
  Tickets(Keeper& keeper, std::string path) : keeper_(keeper), path_(std::move(path)) {}
  ~Tickets();

  Status load();
  // A new ticket, or the one that this request belongs to: by its idempotency key, or by its body
  // where that one's connection broke.
  Result<Ticket*> take(Ticket ticket);
  Ticket* find(std::string_view owner, std::string_view id);
  void wait(Ticket& ticket, std::function<void(const Ticket&)> then);
  void left(const std::string& id);       // who waited has gone
  void delivered(Ticket& ticket);
  // Nothing while it is open.
  std::optional<TicketAnswer> answer(const Ticket& ticket);
  Status obey(Ticket& ticket, const std::string& verb, const std::string& argument);
  // Their job is gone: so are they.
  void forget(JobId job);
  // Writes the journal anew where most of it is of tickets that are gone, or of texts that are not needed.
  Status compact();
  // Closes groups that are due and tells those whose tickets are answered. Called often.
  Status look(Time now);

 private:
  struct Group {
    std::string id;
    std::vector<std::string> tickets;
    std::string job;  // empty: not yet accepted
    int64_t unfinished = -1;  // when it was last looked at
  };
  using Key = std::tuple<Dialect, std::string, std::string, bool, int, int32_t, double>;

  Key key_of(const Ticket& ticket, Time now) const;
  static std::string name_of(const Ticket& ticket);
  Ticket& shelve(Ticket ticket);
  void drop(const std::string& id);
  static wire::Json journal_line(const Ticket& ticket);
  Status append(const wire::Json& line, bool durable);
  Status write_anew(int file);
  void replay(const wire::Json& line);
  Status close(std::vector<Ticket*> tickets);
  Status accept(Group& group);
  Status tell(Group& group);
  const std::map<std::string, std::string>& lines_of(const Group& group);

  Keeper& keeper_;
  std::string path_;
  int file_ = -1;
  int64_t lines_written_ = 0;
  std::map<std::string, Ticket> tickets_;
  std::multimap<std::string, std::string> by_name_;  // ids by what a retry repeats
  std::set<std::string> open_;                       // ids of tickets in no group
  std::map<std::string, Group> groups_;
  // Results of the job that was last asked for, by ticket.
  std::string lines_group_;
  int64_t lines_unfinished_ = -1;
  std::map<std::string, std::string> lines_;
};

}  // namespace twolane::gateway
