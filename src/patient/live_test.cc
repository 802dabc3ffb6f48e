// Answers of the live lane that are not what they should be.
#include <deque>
#include <map>

#include "patient/engine.h"
#include "patient/intake_fixture.h"

namespace twolane::patient {
namespace {

// Time jumps from timer to timer; each call is answered by the next of some replies, the last for good.
class CannedWorld final : public net::World {
 public:
  Time now() override { return now_; }
  net::TimerId at(Time when, std::function<void()> then) override {
    due_[{std::max(when, now_), ++asked_}] = std::move(then);
    return asked_;
  }
  void forget(net::TimerId timer) override {
    std::erase_if(due_, [&](const auto& d) { return d.first.second == timer; });
  }
  void call(wire::HttpCall, std::function<void(wire::HttpResult)> then) override {
    ++calls;
    wire::HttpReply reply{.status = 200, .headers = {}, .body = wire::Body(bodies.front())};
    if (bodies.size() > 1) bodies.pop_front();
    at(now_ + seconds(1), [reply = std::move(reply), then = std::move(then)]() mutable {
      then(wire::HttpResult(std::move(reply)));
    });
  }
  uint64_t random() override { return random_ += 0x9E3779B97F4A7C15ull; }

  bool step() {
    if (due_.empty()) return false;
    auto next = due_.extract(due_.begin());
    now_ = next.key().first;
    next.mapped()();
    return true;
  }

  std::deque<std::string> bodies;
  int calls = 0;

 private:
  Time now_{1'700'000'000'000};
  uint64_t asked_ = 0, random_ = 0;
  std::map<std::pair<Time, uint64_t>, std::function<void()>> due_;
};

class Live : public IntakeFixture {
 protected:
  // One request, so urgent that it goes live at once, answered by these bodies.
  Totals run(const std::string& line, std::deque<std::string> bodies) {
    world.bodies = std::move(bodies);
    const auto checked = take_bytes("in.jsonl", line + "\n");
    if (!checked) {
      ADD_FAILURE() << checked.error().message;
      return {};
    }
    Job urgent = store->job(checked->id)->value();
    urgent.kept = true;
    urgent.deadline = world.now() + seconds(1);
    EXPECT_TRUE(store->amend(urgent));
    Settings settings;
    settings.world = "test";
    settings.probe = false;
    Account account;
    account.provider = "openai";
    account.fingerprint = "f";
    settings.accounts = {account};
    Engine engine(world, *store, *payloads, settings);
    EXPECT_TRUE(engine.recover());
    EXPECT_TRUE(engine.take_up(checked->id));
    for (int i = 0; i < 1000 && !engine.finished(checked->id) && world.step(); ++i) {
    }
    if (const auto broken = engine.broken()) ADD_FAILURE() << broken->code << ": " << broken->message;
    EXPECT_TRUE(engine.finished(checked->id));
    return store->job(checked->id)->value().totals;
  }
  CannedWorld world;
};

const std::string chat =
    R"({"custom_id":"a","method":"POST","url":"/v1/chat/completions","body":{"model":"gpt-5.4-mini",)"
    R"("max_completion_tokens":9,"messages":[{"role":"user","content":"hi"}]}})";
const std::string responses =
    R"({"custom_id":"a","method":"POST","url":"/v1/responses","body":{"model":"gpt-5.4-mini",)"
    R"("max_output_tokens":9,"input":"hi"}})";

TEST_F(Live, AnAnswerWithoutAUsageIsKeptAndStaysUnconfirmed) {
  const Totals t = run(chat, {R"({"id":"c1","object":"chat.completion","model":"gpt-5.4-mini","choices":[]})"});
  EXPECT_EQ(world.calls, 1);
  EXPECT_EQ(t.of(RequestState::succeeded), 1);
  EXPECT_EQ(t.cost.n, 0);
  EXPECT_EQ(t.unconfirmed_attempts, 1);
  EXPECT_GT(t.unconfirmed.n, 0);
}

TEST_F(Live, AFailureInsideAGoodReplyIsTriedAgainAndItsUsageBooked) {
  const std::string usage = R"("usage":{"input_tokens":8,"output_tokens":2,"total_tokens":10}})";
  const Totals t = run(responses, {R"({"id":"r1","object":"response","status":"failed","error":{"code":"server_error",)"
                                   R"("message":"no"},)" + usage,
                                   R"({"id":"r2","object":"response","status":"completed","output":[],)" + usage});
  EXPECT_EQ(world.calls, 2);
  EXPECT_EQ(t.of(RequestState::succeeded), 1);
  EXPECT_EQ(t.paid_twice_attempts, 1);
  EXPECT_EQ(t.cost.n, 2 * t.paid_twice.n);
  EXPECT_EQ(t.unconfirmed_attempts, 0);
}

}  // namespace
}  // namespace twolane::patient
