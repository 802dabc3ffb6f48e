// Requests that come after others of their job: what happens to them when those end, or are opened again.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "store/sqlite/embedded.h"

namespace twolane::store::sqlite {

// Moves what waits for requests that have ended, in the transaction that ended them. See
// Store::settle. Costs nothing where nothing of the job waits.
class Followers {
 public:
  Followers(Connection& connection, TouchedJobs& jobs)
      : connection_(connection), jobs_(jobs) {}

  // A request has become final; `key` is request_key of it.
  void ended(JobRow& job, int64_t key, RequestState as);
  // To be called once, after all. Returns how many ended with them.
  Result<int64_t> follow();

 private:
  struct Ended {
    JobRow* job;
    int64_t key;
    RequestState as;
    int64_t root;  // whose fault it is
  };
  Status end_followers(const Ended& of);
  Status open_followers();
  Result<int64_t> reason(const JobRow& job, const Ended& of);
  Result<std::vector<int64_t>> waiting_for(int64_t key);

  Connection& connection_;
  TouchedJobs& jobs_;
  std::vector<Ended> ended_badly_;
  std::map<int64_t, JobRow*> perhaps_open_;  // by key: something that they need has succeeded
  std::map<int64_t, int64_t> reasons_;       // by root: number of the reason
  int64_t count_ = 0;
};

// Whether any request of the lot comes after another.
Result<bool> has_needs(Connection& connection, int64_t lot);

// Store::reopen where requests come after others.
class Reopening {
 public:
  Reopening(Connection& connection, TouchedJobs& jobs, JobRow& job)
      : connection_(connection), jobs_(jobs), job_(job) {}
  Result<int64_t> all();
  Result<int64_t> one(int64_t index);

 private:
  Status add_with_what_it_needs(int64_t key);
  Result<int64_t> reopen_in_order();

  Connection& connection_;
  TouchedJobs& jobs_;
  JobRow& job_;
  std::set<int64_t> queue_;  // ascending: what is needed comes first
};

}  // namespace twolane::store::sqlite
