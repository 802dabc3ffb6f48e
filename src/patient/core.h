// What the parts of the engine share: jobs and batches at work, the plan's state, and the ways in which
// a part reports that something changed. Not for use outside of patient/.
//
// The parts, a file each: placing (which requests go into which batch), submission (upload, create,
// reconcile), following (poll, cancel, clean up), collection (results to outcomes), contents (heads that
// a provider keeps for a batch), live (synchronous calls), flex (those that are sold for less and may be shed),
// pace (how fast they may go), words (what people ask for). Each moves a
// batch or job by at most one committed step, then returns; what is next is always derived from the
// committed state, so that recover() needs no second way of doing things.
#pragma once

#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "dialect/cached_content.h"
#include "dialect/catalogue.h"
#include "patient/engine.h"
#include "patient/job_input.h"
#include "patient/result_reader.h"
#include "patient/settlement.h"
#include "patient/standing.h"
#include "patient/stated_limits.h"
#include "plan/planner.h"

namespace twolane::patient {

// What was heard of the limits for one model.
struct ModelPace {
  TokensOfCalls each;
  double per_minute = 0;  // calls; 0: nothing limits them
  Time heard;
};

// One provider as this process reaches it.
struct Line {
  Account account;
  const dialect::ProviderEntry* entry = nullptr;
  const dialect::BatchApi* api = nullptr;
  // The live lane: a token bucket, slowed by refusals.
  double per_minute = 0;
  double told = 0;              // to the plan: what can be drained a minute
  Time slowed;                  // when it was slowed last
  std::map<std::string, ModelPace> models;
  double stated = 0;            // calls a minute by the provider's own limits; 0: it said none
  double eased = 1;             // share of the pace, where little is left of a limit
  Time eased_until;
  bool drains = false;          // it has standard calls to make, more than it may at once
  Time drained_since;           // the first answer of that; 0: none yet
  int64_t drained = 0;          // answers since then
  double tokens = 0;
  Time refilled;
  int in_flight = 0;
  int refusals = 0;  // in a row
  int pauses = 0;    // in a row
  Time down_since;   // since when nothing but refusals was heard
  Duration takes = seconds(8);  // a synchronous call, from its start to its answer or its end without one; learned
  Duration answers_in = takes;  // those that were answered
  Time paused_until;
  // Flex calls take minutes and are shed at any time. They are counted apart, so that the standard tier is
  // neither filled nor slowed by them; the calls a minute are the same for both.
  int flex_in_flight = 0;
  int flex_pauses = 0;  // waves in a row of which everything was shed
  Time flex_paused_until;
  net::TimerId pump = 0;
  Time pump_at;
  std::deque<Time> creates;  // within the last hour
};

struct ShapeAtWork {
  Shape shape;
  size_t target = 0;     // which of shape.targets
  int64_t open = 0;
  Time returned;         // since when requests are open that were placed before; 0: none ever was
  bool trying = false;
  int refused_tries = 0;
  std::vector<double> batch_prices;  // by target, as shares of list at the present one; empty: not known yet
};

struct JobAtWork {
  Job job;
  JobInput input;
  std::vector<ShapeAtWork> shapes;
  Terms terms;
  Standing standing;
  IndexRanges cut;           // requests that its user cancelled; not those of a job that is cancelled whole
  bool active = false;       // taken up by this process: others' jobs are collected, not bought for
  bool capped = false;       // the cap lets nothing more be bought at present
  bool contents_gone = false;  // a content vanished under its requests: it gets no more of them
  Time miss_repeated;        // when the plan foresaw it last
  std::optional<Error> trouble;
  std::vector<store::NeededAnswer> needs;  // of some requests from needs_from on; see needs_of
  int64_t needs_from = std::numeric_limits<int64_t>::min() / 2;

  std::vector<int64_t> level_requests;     // by steps after; a job without chains has one level
  int32_t most_steps_left = 0;             // behind what is open or under way: levels below it are not all open
  bool chained() const { return level_requests.size() > 1; }
};

struct BatchAtWork {
  Batch row;
  Line* line = nullptr;
  dialect::BatchSpec spec;
  std::map<JobId, int64_t> unfinished;  // requests that wait for this batch, by stage (stages.cc)
  std::map<JobId, int64_t> unwanted;    // requests in it that were cancelled one by one, likewise; of waves none
  std::set<JobId> jobs;                 // all whose requests it holds
  dialect::Upload upload;
  std::optional<KeptHead> head;         // a content is to be made of it before the batch is sent
  bool busy = false;         // a call is under way
  bool spooled = false;      // its requests lie in the spool segment
  bool cancel_sent = false;
  bool given_up = false;     // nobody waits for it any more; it is still followed
  int failures = 0;          // in a row
  int looks = 0;             // polls so far
  int collections = 0;       // complete downloads in which something was missing
  bool refresh = false;      // ask again where the results are before collecting
  int64_t ours = 0, strange = 0;  // result lines that were, and were not, for its requests
  std::optional<int64_t> unheard;  // of its requests, when a results file was last read to its end
  Time next_look;
  int64_t shed = 0;          // of a flex wave: calls for which there was no capacity
  bool shed_told = false;    // the plan has heard how many of them were
  std::set<std::string> not_ours;  // batches that were adopted by mistake
  net::TimerId timer = 0;

  bool wave() const { return row.tier != ServiceTier::batch; }
};

// A cached content that is not over.
struct ContentAtWork {
  CachedContent row;
  Line* line = nullptr;
  Target target;
  KeptHead head;       // without a name where no request may be rendered with it
  bool wanted = true;  // its batch may still need it
  bool busy = false;   // a call is under way
  int failures = 0;
  net::TimerId timer = 0;
};

// Requests of one job in a batch that share a head which may be kept.
struct MarkedHead {
  JobId job;
  uint64_t hash = 0;
  int64_t tokens = 0, requests = 0;
  RequestRow first;
};

// Prompt tokens that a provider lets us queue for a model.
struct TokenRoom {
  int64_t limit = 0;  // no limit: the largest number
  int64_t left = 0;
};

// A request's body, and what is in it: tokens, no tokenizer yields more.
struct Rendered {
  std::string body;
  int64_t input_bound = 0;
};

// Requests of one shape of one job.
using GroupCounts = std::map<std::pair<JobId, int32_t>, int64_t>;

// What became of one synchronous call.
struct HeardLive {
  BatchId wave;
  int32_t position = 0;
  bool given_up = false;  // after the patience of its wave
  wire::HttpResult result;
};

// A synchronous call is not waited for longer.
inline constexpr Duration answer_within = minutes(10);

struct Engine::Core {
  Core(net::World& world, store::Store& store, store::Payloads& payloads, Settings settings,
       std::function<void(const Notice&)> notice);

  // --- engine.cc: jobs at work, the planning loop, reports
  Status recover();
  Status recover_batch(Batch row);
  Status take_up(JobId id);
  Result<JobAtWork*> load_job(JobId id);
  void changed();                       // plan again as soon as control returns to the world
  void replan();
  void act(const plan::Action& action);
  void keep_standing(JobAtWork& job);   // in the store, after a change
  void look_at_promise(JobAtWork& job); // anew where the deadline is another one
  void foresee(const plan::AtRisk& risk);
  PicoUsd bound_of_one(const JobAtWork& job);
  bool by_its_cap(const JobAtWork& job);  // the cap will not let its rest be bought live
  void foresee_cap(JobId stage);
  void foresee_caps(BatchId batch);     // of all that wait for it
  void withdraw_misses();               // that the plan does not foresee any more
  void tell_takeovers();
  void tell_plan(JobAtWork& job);
  plan::GroupView view_of(JobAtWork& job, ShapeAtWork& shape);
  void tell_plan(JobAtWork& job, ShapeAtWork& shape);
  void tell_plan(const BatchAtWork& batch);
  plan::Lane lane_of(const ShapeAtWork& shape, size_t target) const;
  plan::LaneId lane_number(const plan::Lane& lane);  // knows of it what was learned before
  void move(const plan::Move& action);
  void price_targets(const JobAtWork& job, ShapeAtWork& shape);
  void slow(BatchId id);                // cancelled because its lane or itself is slow
  void learn_from(const BatchAtWork& batch, bool by_itself);
  void hold_lane(plan::LaneId lane, Time until);
  void free_lane(plan::LaneId lane);
  void note(JobId job, std::string text);
  void hold(JobAtWork& job, Error error);
  void release(JobAtWork& job, std::string_view code);
  void broke(Error error);              // the store failed: nothing more is done
  bool ok(const Status& status);        // broke() on failure
  void conclude(JobId id);              // commits the job's end when there is nothing left of it
  bool finished(JobId id) const;
  bool let_go(JobId id);
  Status refresh(JobAtWork& job);       // totals from the store
  Line* line_of(std::string_view provider);
  Time now() { return world.now(); }
  // `then` is dropped if the engine is gone by the time.
  template <class F>
  auto guarded(F then) {
    return [alive = std::weak_ptr<int>(alive_), then = std::move(then)](auto&&... args) mutable {
      if (alive.lock()) then(std::forward<decltype(args)>(args)...);
    };
  }
  void call(wire::HttpCall call, std::function<void(wire::HttpResult)> then);  // counted for quiet()

  // --- stages.cc
  JobId stage_of(const JobAtWork& job, int32_t shape) const;
  JobAtWork* at_stage(JobId stage);     // null: of a job that is not here
  plan::Action of_jobs(plan::Action action);
  void tell_stages(JobAtWork& job, const plan::JobView& whole);
  void forget_stages(JobId job);        // the plan need not know of it any more
  bool is_open(const JobAtWork& job, int32_t level) const;
  void look_at_levels(JobAtWork& job);
  std::vector<int64_t> under_way(const JobAtWork& job) const;
  void foresee_chains();
  void count_open(JobAtWork& job);      // of a job with chains, after requests were final
  Time takeover(const JobAtWork& job) const;
  plan::Verdict assess(JobAtWork& job);

  // --- rendering.cc
  Result<Rendered> render(JobAtWork& job, const RequestRow& row, Endpoint endpoint, std::string_view model,
                          const KeptHead* kept = nullptr);
  Result<std::span<const store::NeededAnswer>> needs_of(JobAtWork& job, int64_t index);

  // --- placing.cc
  void pack(const plan::Pack& action);
  BatchAtWork* place(Batch row, const std::vector<store::Placement>& placements, const GroupCounts& groups);
  Result<TokenRoom> token_room(const plan::Lane& lane);
  void look_at_cap(JobAtWork& job);  // holds a job of which the cap lets nothing more be bought
  Circumstances circumstances(const store::Member& member);
  void expire(JobId id);
  void close_open(JobAtWork& job, std::optional<int32_t> shape, std::optional<int64_t> index,
                  RequestState state, const Error& why);
  void close_cancelled(JobAtWork& job);  // what is open of a job that is cancelled, whole or in part
  void left(BatchAtWork& batch, JobId stage, int64_t count);  // requests that wait for it no more
  void count_waiting(BatchAtWork& batch, const std::vector<store::Member>& members);  // anew
  void settle(BatchAtWork& batch, std::vector<store::Settlement>& settlements,
              const std::vector<store::Member>& members, const Batch* row);
  // Every member that still runs gets the same word; the batch's row is written in the same transaction.
  bool settle_rest(BatchAtWork& batch, const Heard& heard, std::string_view error = {});
  void price(store::Settlement& s, const BatchAtWork& batch, ServiceTier tier, const Usage& usage);

  // --- submission.cc
  void advance(BatchId id);             // the next step of a batch, whatever its state
  void later(BatchAtWork& batch, Duration wait);
  Duration backoff(int failures);
  bool save(BatchAtWork& batch, BatchState to);
  void spool_and_send(BatchAtWork& batch);
  Result<SegmentId> spool(BatchAtWork& batch, bool inline_form);
  void upload(BatchAtWork& batch);
  void create(BatchAtWork& batch);
  void created(BatchAtWork& batch, const wire::HttpResult& result);
  void reconcile(BatchAtWork& batch, std::string cursor, std::shared_ptr<dialect::Listed> seen);
  void conclude_search(BatchAtWork& batch, const dialect::Listed& seen);
  // The batch is known never to have run. `culprit` is the position of the request whose fault it was.
  void bury(BatchAtWork& batch, const dialect::Refusal& why, const Heard& heard, int64_t culprit = -1);
  bool move_to_next_target(BatchAtWork& batch);
  void refused(BatchAtWork& batch, const dialect::Refusal& refusal, BatchState back);
  void throttle_lane(const BatchAtWork& batch, Duration wait);

  // --- following.cc
  void poll(BatchAtWork& batch);
  void polled(BatchAtWork& batch, const wire::HttpReply& reply);
  void not_heard(BatchAtWork& batch, const wire::HttpResult& result);
  void cancel(BatchId id, std::string_view why);
  void send_cancel(BatchAtWork& batch);
  void give_up(BatchAtWork& batch);
  void clean_up(BatchAtWork& batch);
  void forget_batch(BatchId id);
  Duration poll_pause(const BatchAtWork& batch);

  // --- collection.cc
  void collect(BatchAtWork& batch, size_t output);
  void download(BatchAtWork& batch, size_t output, dialect::Output what);
  void collected(BatchAtWork& batch, size_t output, SegmentId segment, int64_t bytes);
  void collection_failed(BatchAtWork& batch, const wire::HttpResult& result);
  Status read_results(BatchAtWork& batch, SegmentId segment, int64_t bytes);
  void close_collection(BatchAtWork& batch);
  void not_ours(BatchAtWork& batch);

  // --- contents.cc
  void choose_content(BatchAtWork& batch, const std::vector<MarkedHead>& heads);
  void create_content(BatchAtWork& batch);
  void content_created(ContentAtWork& content, const wire::HttpResult& result);
  bool content_seen(ContentAtWork& content, const dialect::ContentSeen& seen);
  const KeptHead* kept_head(BatchId id) const;
  bool content_lasts(const BatchAtWork& batch) const;
  PicoUsd fee(const ContentAtWork& content, int64_t tokens, Duration kept) const;
  bool keep(ContentAtWork& content, ContentState to);
  void end_content(BatchId id);
  void content_later(ContentAtWork& content, Duration wait);
  void look_after(BatchId id);
  void shorten_content(ContentAtWork& content);
  void ask_content(ContentAtWork& content);
  void search_content(ContentAtWork& content, const std::string& cursor);
  void content_ended(ContentAtWork& content, Time end);
  void content_gone(ContentAtWork& content);
  void clear_content(ContentAtWork& content);
  void content_over(ContentAtWork& content, ContentState how);
  void forget_content(BatchId id);
  Status recover_content(CachedContent row);

  // --- live.cc
  void pump(Line& line);
  void pump_all();
  // Returns how many of the rows were sent: a cap may hold some back. What is not answered within `patience` is given up.
  int64_t send_wave(Line& line, JobAtWork& job, ShapeAtWork& shape, std::vector<RequestRow> rows,
                 ServiceTier tier, bool promotion, bool probe, Duration patience = answer_within);
  void try_shape(JobAtWork& job, ShapeAtWork& shape);
  bool drain(Line& line, const plan::Drain& drain);      // false: it has no work for this line
  bool overtake(Line& line, const plan::Overtake& overtaken);
  void pump_later(Line& line, ServiceTier tier);
  void take_answer(BatchAtWork& wave, const store::Member& member, const HeardLive& heard, store::Settlement& s,
                   std::deque<std::string>& texts);
  void take_silence(BatchAtWork& wave, const store::Member& member, const HeardLive& heard, store::Settlement& s,
                    std::deque<std::string>& texts);
  void prove(BatchAtWork& wave, const store::Member& member, const store::Settlement& s);
  void await(Line& line, const BatchAtWork& wave, int32_t position, wire::HttpCall http, Duration patience);
  void answered(HeardLive heard);
  void settle_answers();
  void recover_wave(BatchAtWork& wave);
  Status buy_live(JobId job, const std::vector<int64_t>& indexes);

  // --- flex.cc
  bool sells_flex(const plan::Lane& lane);        // for less than standard calls
  void offer_flex(const std::string& provider);   // where it sells it for any model
  bool is_shed(const BatchAtWork& wave, const dialect::Refusal& refusal, int status) const;
  void look_at_shed(BatchAtWork& wave, bool over);  // after some of its calls were heard
  void look_at_shed_later(BatchId wave);
  void tell_shed(BatchAtWork& wave, int64_t tried, int64_t shed);
  void remember_live(const std::string& provider);  // what the plan has learned of its live lane
  void recall_live(const std::string& provider);

  // --- pace.cc
  int64_t live_room(Line& line, ServiceTier tier);  // calls that may be sent now
  Duration patience_of(const Line& line, const JobAtWork& job);  // for a standard call of it
  double allowed(const Line& line) const;  // calls a minute, by the account and by what the provider says
  double pace(const Line& line);           // at which calls are sent now
  void hear_limits(Line& line, const std::string& model, const wire::HttpReply& reply, const Usage* usage);
  void works(Line& line, bool drains);     // whether it has more to drain than it may at once
  void count_drained(Line& line);          // a standard answer
  void tell_plan(Line& line);
  void recall_pace(Line& line);    // as an earlier process left it
  void forget_pace(Line& line);    // of a slowness that is over
  bool is_down(const Line& line);
  void regain(Line& line);         // after a good answer
  void slow_down(Line& line, const dialect::Refusal& refusal);

  // --- words.cc
  Status obey(const store::Word& word);
  Status cut(JobAtWork& job, const std::string& places);
  Status want_again(JobAtWork& job, int64_t index);
  Status keep_cut(JobAtWork& job);
  Status promote_one(JobAtWork& job, int64_t index);
  Result<BatchAtWork*> batch_of(JobId job, int64_t index);  // that a request waits for; null: none

  net::World& world;
  store::Store& store;
  store::Payloads& payloads;
  Settings settings;
  std::function<void(const Notice&)> notice;

  std::map<std::string, Line, std::less<>> lines;
  std::map<JobId, JobAtWork> jobs;
  std::map<BatchId, BatchAtWork> batches;
  std::map<BatchId, ContentAtWork> contents;
  struct Stage {
    JobId job;
    int32_t steps_after = 0;
  };
  std::map<JobId, Stage> stages;  // but for those that have the job's own id
  ResultReader results{payloads};
  std::map<std::string, int64_t> enqueued_limit;  // learned, by provider/model
  plan::State plan;
  std::set<std::string> listed;  // lanes that the store's list names
  std::vector<std::variant<plan::Drain, plan::Overtake>> drains;  // in the order in which they go live

  std::vector<HeardLive> heard_live;
  std::unique_ptr<store::Segment> live_segment;

  Time takeovers_told;
  bool planning = false;       // a replan is due
  bool settling_live = false;  // settle_answers is due
  bool stopping = false;
  int calls = 0;               // under way
  int batches_made = 0;        // for people: "batch 3"
  std::optional<Error> broken;
  net::TimerId wake = 0;
  Time wake_at;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

// Milliseconds between an answer and the commit that it shares with others.
inline constexpr Duration answer_gathering = milliseconds(20);

}  // namespace twolane::patient
