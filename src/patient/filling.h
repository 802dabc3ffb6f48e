// Fills one batch from open requests: rendered, within every limit, and within each job's cap.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "patient/core.h"
#include "patient/sharing.h"

namespace twolane::patient {

// The payload segment in which a batch's requests lie until they were sent. Never referred to by rows:
// whatever a crash leaves of it is swept up, and it can be written again from the members.
inline SegmentId spool_segment(BatchId batch) { return {batch.n ^ 0x5350'4f4f'4c00'0000ull}; }

// Whether a batch's requests travel in the create call.
bool goes_inline(const BatchAtWork& batch);

class Filling {
 public:
  enum class Stop { nothing_left, full, quota, cap, share };

  Filling(Engine::Core& core, Line& line, const plan::Pack& action, const plan::Lane& lane, BatchId id,
          TokenRoom room);

  // Writes the spool and chooses the placements. Requests that cannot be rendered fail here, unbought.
  Status fill();
  // To be called once the placements are committed: the groups have that much less open.
  void took(Engine::Core& core);

  const std::vector<store::Placement>& placements() const { return placements_; }
  const GroupCounts& taken() const { return taken_; }
  int64_t bytes() const { return bytes_; }
  int64_t tokens() const { return tokens_; }
  Stop stopped_by() const { return stop_; }
  bool spool_is_exact() const { return exact_; }
  const std::vector<MarkedHead>& heads() const { return heads_; }

 private:
  Status take_from(JobAtWork& job, ShapeAtWork& shape, int64_t most);
  bool take(JobAtWork& job, ShapeAtWork& shape, const RequestRow& row);
  bool has_had_its_share(const JobAtWork& job, int64_t tokens);
  void count_head(const CacheMark& mark, const RequestRow& row);
  Status make_count_unique();

  Engine::Core& core_;
  Line& line_;
  const plan::Pack& action_;
  plan::Lane lane_;
  dialect::BatchSpec spec_;
  bool file_form_;
  int64_t most_requests_, most_bytes_, token_room_, most_tokens_;
  std::map<uint32_t, Room> shares_;  // what each owner may still put in; empty: as it comes
  std::set<uint32_t> shared_;        // owners of whom something is in it
  std::unique_ptr<store::Segment> spool_;
  std::string piece_, request_;
  std::vector<store::Placement> placements_;
  std::vector<int64_t> ends_;  // of each request in the spool, where a count may have to shrink
  std::vector<int32_t> shapes_;
  std::vector<MarkedHead> heads_;
  std::map<JobId, PicoUsd> spent_;
  GroupCounts taken_;
  int64_t bytes_ = 0, tokens_ = 0;
  Stop stop_ = Stop::nothing_left;
  bool exact_ = true;  // the spool holds the placements and nothing else
  Status failure_;
};

}  // namespace twolane::patient
