#include "gateway/tickets.h"

#include "gateway/keeper_fixture.h"

namespace twolane::gateway {
namespace {

class TicketsTest : public KeeperTest {
 protected:
  Ticket wanted(const std::string& text, const std::string& owner = {}, const std::string& idempotency = {}) {
    Ticket t;
    t.owner = owner;
    t.idempotency = idempotency;
    t.model = "gpt-5.4-mini";
    t.body = R"({"model":"gpt-5.4-mini","max_completion_tokens":8,"messages":[{"role":"user","content":")" + text + "\"}]}";
    t.digest = key_hash(text);
    t.created = keeper_->now();
    t.deadline = t.created + hours(4);
    t.kept = true;
    return t;
  }
  Ticket& take(Ticket ticket) {
    auto taken = tickets().take(std::move(ticket));
    EXPECT_TRUE(taken);
    return **taken;
  }
  void wait(Ticket& ticket) {
    tickets().wait(ticket, [this](const Ticket& t) { told_.push_back(t.id); });
  }
  // Everything that is due a day later, or `after`.
  void look(Duration after = hours(24)) {
    const Status looked = tickets().look(keeper_->now() + after);
    ASSERT_TRUE(looked) << looked.error().message << ": " << looked.error().why;
  }
  std::string journal() const {
    std::ifstream in(home_ + "/doors/tickets.jsonl", std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void write_journal(const std::string& text) const { std::ofstream(home_ + "/doors/tickets.jsonl", std::ios::binary) << text; }
  void end_all() {
    for (const Job& job : jobs())
      if (job.totals.unfinished() > 0) end(job);
  }

  std::vector<std::string> told_;
};

// --- who gets which ticket

enum class Then { waits, left, delivered, delivered_and_left, restarted, delivered_and_restarted };

struct Reattachment {
  const char* name;
  const char *first_key, *second_key;  // Idempotency-Key, empty: none
  bool same_body, same_owner;
  Then then;
  bool same_ticket;
};

constexpr Reattachment reattachments[] = {
    {"the key, while the first waits", "k", "k", true, true, Then::waits, true},
    {"the key, after the connection broke", "k", "k", true, true, Then::left, true},
    {"the key, after the answer", "k", "k", true, true, Then::delivered, true},
    {"the key, after a restart", "k", "k", true, true, Then::delivered_and_restarted, true},
    {"the key of another owner", "k", "k", true, false, Then::left, false},
    {"another key", "k", "l", true, true, Then::left, false},
    {"a key, and none before", "", "k", true, true, Then::left, false},
    {"none, and a key before", "k", "", true, true, Then::left, false},
    {"the body, while the first waits", "", "", true, true, Then::waits, false},
    {"the body, after the connection broke", "", "", true, true, Then::left, true},
    {"the body, after the answer", "", "", true, true, Then::delivered, false},
    {"the body, after an answer that nobody took", "", "", true, true, Then::delivered_and_left, true},
    {"the body, after a restart", "", "", true, true, Then::restarted, true},
    {"the body, after the answer and a restart", "", "", true, true, Then::delivered_and_restarted, false},
    {"the body of another owner", "", "", true, false, Then::left, false},
    {"another body", "", "", false, true, Then::left, false},
};

TEST_F(TicketsTest, WhoAttachesToATicket) {
  for (const auto& c : reattachments) {
    const std::string text = c.name;
    Ticket& first = take(wanted(text, "ana", c.first_key[0] ? c.first_key + text : ""));
    const std::string id = first.id;
    wait(first);
    switch (c.then) {
      case Then::waits: break;
      case Then::left: tickets().left(id); break;
      case Then::delivered: first.then = nullptr, tickets().delivered(first); break;
      case Then::delivered_and_left: first.then = nullptr, tickets().delivered(first), tickets().left(id); break;
      case Then::restarted: open(); break;
      case Then::delivered_and_restarted: first.then = nullptr, tickets().delivered(first), open(); break;
    }
    Ticket& second = take(wanted(c.same_body ? text : text + "!", c.same_owner ? "ana" : "ben",
                                 c.second_key[0] ? c.second_key + text : ""));
    EXPECT_EQ(second.id == id, c.same_ticket) << c.name;
  }
}

TEST_F(TicketsTest, ABrokenConnectionTakesOneRetry) {
  Ticket& first = take(wanted("hello"));
  wait(first);
  tickets().left(first.id);
  Ticket& retry = take(wanted("hello"));
  EXPECT_EQ(retry.id, first.id);
  wait(retry);
  EXPECT_NE(take(wanted("hello")).id, first.id);  // a sample of its own
}

TEST_F(TicketsTest, OwnersDoNotFindOneAnothers) {
  const std::string id = take(wanted("hello", "ana")).id;
  EXPECT_TRUE(tickets().find("ana", id));
  EXPECT_FALSE(tickets().find("ben", id));
  EXPECT_FALSE(tickets().find("", id));
}

// --- what becomes of one

TEST_F(TicketsTest, FromQueuedToItsAnswer) {
  Ticket& t = take(wanted("hello"));
  const std::string id = t.id;
  wait(t);
  look(minutes(1));
  EXPECT_TRUE(t.group.empty());
  EXPECT_FALSE(tickets().answer(t));
  look(minutes(16));  // a quarter of an hour at most
  EXPECT_FALSE(t.group.empty());
  EXPECT_TRUE(t.body.empty());
  EXPECT_FALSE(tickets().answer(t));
  EXPECT_TRUE(told_.empty());
  end_all();
  look();
  EXPECT_EQ(told_, std::vector<std::string>{id});
  ASSERT_TRUE(tickets().answer(t));
  EXPECT_GE(tickets().answer(t)->status, 400);
  open();
  ASSERT_TRUE(tickets().find("", id));
  EXPECT_TRUE(tickets().answer(*tickets().find("", id)));
}

TEST_F(TicketsTest, ATwentiethOfAShortWindow) {
  Ticket soon = wanted("hello");
  soon.deadline = soon.created + minutes(20);
  const Ticket& t = take(std::move(soon));
  look(seconds(50));
  EXPECT_TRUE(t.group.empty());
  look(seconds(61));
  EXPECT_FALSE(t.group.empty());
}

TEST_F(TicketsTest, WordsToATicketThatIsNotCollected) {
  Ticket& cancelled = take(wanted("a"));
  Ticket& moved = take(wanted("b"));
  Ticket& rushed = take(wanted("c"));
  ASSERT_TRUE(tickets().obey(cancelled, "cancel", ""));
  ASSERT_TRUE(tickets().obey(moved, "deadline", "2040-01-01T00:00:00Z"));
  EXPECT_FALSE(tickets().obey(moved, "deadline", "soon"));
  ASSERT_TRUE(tickets().obey(rushed, "promote", ""));
  EXPECT_EQ(tickets().answer(cancelled)->status, 409);
  const std::string ids[] = {cancelled.id, moved.id, rushed.id};
  open();  // all of it is durable
  EXPECT_EQ(tickets().answer(*tickets().find("", ids[0]))->status, 409);
  EXPECT_EQ(rfc3339(tickets().find("", ids[1])->deadline), "2040-01-01T00:00:00Z");
  look(seconds(1));  // a rush waits for nobody
  EXPECT_FALSE(tickets().find("", ids[2])->group.empty());
  EXPECT_TRUE(tickets().find("", ids[1])->group.empty());
  look();
  EXPECT_TRUE(tickets().find("", ids[0])->group.empty());  // never bought
}

// --- groups

TEST_F(TicketsTest, WhatGoesTogether) {
  Ticket other_model = wanted("m"), other_owner = wanted("o", "ben"), best_effort = wanted("e"), later = wanted("l"), rush = wanted("r"),
         other_door = wanted("d");
  other_model.model = "gpt-4.1-mini";
  best_effort.kept = false;
  later.deadline = later.created + days(3);
  rush.rush = true;
  other_door.door = Dialect::gemini;
  other_door.model = "openai/gpt-5.4-mini";
  other_door.body = R"({"contents":[{"parts":[{"text":"hello"}]}]})";
  std::vector<std::string> ids;
  for (auto& t : {wanted("1"), wanted("2"), other_model, other_owner, best_effort, later, rush, other_door})
    ids.push_back(take(t).id);
  look();
  std::set<std::string> groups;
  for (const auto& id : ids) {
    Ticket* t = tickets().find("", id);
    if (!t) t = tickets().find("ben", id);
    groups.insert(t->group);
  }
  EXPECT_EQ(groups.size(), 7u);  // all apart but the first two
  EXPECT_EQ(tickets().find("", ids[0])->group, tickets().find("", ids[1])->group);
  EXPECT_EQ(jobs().size(), 7u);
}

TEST_F(TicketsTest, AGroupsIntentFindsItsJobWhateverTheCrash) {
  for (int i = 0; i < 3; ++i) take(wanted("text " + std::to_string(i)));
  look();
  const std::string whole = journal();
  ASSERT_EQ(jobs().size(), 1u);
  const JobId job = jobs()[0].id;
  EXPECT_EQ(jobs()[0].requests, 3);
  const size_t accepted = whole.rfind("{\"group\""), intent = whole.rfind("{\"group\"", accepted - 1);
  ASSERT_NE(intent, whole.npos);
  // The journal ends at any byte from the intent on: the job is there, and stays the only one. Before the
  // intent is durable there is no job.
  for (size_t cut = accepted; cut <= whole.size(); cut += cut + 1 == whole.size() ? 1 : 7) {
    keeper_.reset();
    write_journal(whole.substr(0, cut));
    open();
    ASSERT_EQ(jobs().size(), 1u) << cut;
    EXPECT_EQ(jobs()[0].id, job) << cut;
    look();
    EXPECT_EQ(jobs().size(), 1u) << cut;
  }
}

TEST_F(TicketsTest, AJobThatWasNeverAcceptedIsAcceptedByTheNextProcess) {
  std::vector<std::string> ids;
  for (int i = 0; i < 3; ++i) ids.push_back(take(wanted("text " + std::to_string(i))).id);
  const std::string before = journal();
  keeper_.reset();
  write_journal(before + wire::dump(wire::Json{{"group", "g1"}, {"tickets", ids}}) + '\n');
  open();
  ASSERT_EQ(jobs().size(), 1u);
  EXPECT_EQ(jobs()[0].requests, 3);
  EXPECT_EQ(tickets().find("", ids[0])->group, "g1");
  look();
  open();
  EXPECT_EQ(jobs().size(), 1u);
}

TEST_F(TicketsTest, ATornLineIsCutAway) {
  const std::string id = take(wanted("hello")).id;
  const std::string good = journal();
  keeper_.reset();
  write_journal(good + R"({"ticket":"tkt_torn","owner":")");
  open();
  EXPECT_EQ(journal(), good);
  EXPECT_TRUE(tickets().find("", id));
  EXPECT_FALSE(tickets().find("", "tkt_torn"));
}

TEST_F(TicketsTest, OwnersOfJobsAreKnownAgain) {
  take(wanted("hello", "ana"));
  look();
  ASSERT_EQ(jobs().size(), 1u);
  EXPECT_EQ(keeper_->owner_of(jobs()[0].id), "ana");
  open();
  EXPECT_EQ(keeper_->owner_of(jobs()[0].id), "ana");
}

// --- the end of it

TEST_F(TicketsTest, WithTheirJobTheyGoAndTheJournalForgetsTheirText) {
  const std::string gone = take(wanted("the secret word")).id;
  ASSERT_TRUE(tickets().obey(*tickets().find("", gone), "deadline", "2040-01-01T00:00:00Z"));  // written twice
  look(days(6000));
  end_all();
  open();  // the engine sees what was done by hand
  ASSERT_EQ(jobs().size(), 1u);
  ASSERT_TRUE(keeper_->forget(jobs()[0].id));
  EXPECT_FALSE(tickets().find("", gone));
  EXPECT_NE(journal().find("the secret word"), std::string::npos);
  ASSERT_TRUE(tickets().compact());
  EXPECT_EQ(journal(), "");
  const std::string again = take(wanted("the secret word")).id;  // nothing of it is left to attach to
  EXPECT_NE(again, gone);
  open();
  EXPECT_TRUE(tickets().find("", again));
}

TEST_F(TicketsTest, AJournalWrittenAnewSaysTheSame) {
  std::vector<std::string> ids;
  for (int i = 0; i < 210; ++i) {
    Ticket& t = take(wanted("text " + std::to_string(i), "ana", i % 2 ? "key " + std::to_string(i) : ""));
    ids.push_back(t.id);
    if (i % 100 == 7) ASSERT_TRUE(tickets().obey(t, "cancel", ""));
    else if (i % 3 == 0) tickets().delivered(t);
  }
  for (int i = 0; i < 2000; ++i) tickets().delivered(*tickets().find("ana", ids[0]));  // lines that say nothing new
  look();
  const size_t before = journal().size(), count = jobs().size();
  ASSERT_TRUE(tickets().compact());
  EXPECT_LT(journal().size(), before);
  EXPECT_EQ(journal().find("text 12"), std::string::npos);  // its group is a job
  EXPECT_NE(journal().find("\"cancelled\""), std::string::npos);
  open();
  EXPECT_EQ(jobs().size(), count);
  for (int i = 0; i < 210; ++i) {
    const Ticket* t = tickets().find("ana", ids[static_cast<size_t>(i)]);
    ASSERT_TRUE(t) << i;
    EXPECT_EQ(t->delivered, i % 3 == 0 && i % 100 != 7) << i;
    EXPECT_EQ(t->cancelled, i % 100 == 7) << i;
    EXPECT_EQ(t->group.empty(), i % 100 == 7) << i;
  }
  EXPECT_EQ(take(wanted("text 1", "ana", "key 1")).id, ids[1]);
}

// How sure a ticket is to be on time goes with it, over a restart, into a job of its own.
TEST_F(TicketsTest, OneOnTimeTargetToAJob) {
  Ticket sure = wanted("sure");
  sure.on_time = 0.999;
  take(sure);
  take(wanted("as always"));
  open();
  look();
  std::multiset<double> targets;
  for (const Job& job : jobs()) {
    targets.insert(patient::recall_terms(store(), job.id).value().on_time);
    EXPECT_EQ(job.requests, 1);
  }
  EXPECT_EQ(targets, (std::multiset<double>{0.99, 0.999}));
}

}  // namespace
}  // namespace twolane::gateway
