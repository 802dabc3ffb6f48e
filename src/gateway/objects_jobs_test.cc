// What is asked of some requests of a job over HTTP, and what is refused.
#include <gtest/gtest.h>

#include "gateway/keeper_fixture.h"

namespace twolane::gateway {
namespace {

class JobsTest : public KeeperTest {
 protected:
  // A job of `n` requests, r1 to rN, none of them placed.
  Job give(int n, const std::string& owner = {}) {
    const std::string path = home_ + "/in.jsonl";
    {
      std::ofstream out(path);
      for (int i = 1; i <= n; ++i)
        out << R"({"custom_id":"r)" << i << R"(","method":"POST","url":"/v1/chat/completions","body":{"model":"gpt-5.4-mini",)"
            << R"("max_completion_tokens":8,"messages":[{"role":"user","content":"hello"}]}})" << '\n';
    }
    Keeper::Order order;
    order.path = path;
    order.window = hours(24);
    const auto job = keeper_->accept_job("a batch", owner, order, std::nullopt);
    EXPECT_TRUE(job) << job.error().message;
    EXPECT_TRUE(keeper_->engine().take_up(job->id));
    return *job;
  }
  wire::HttpReply cancel(const Job& job, const std::string& body, const std::string& query = {}) {
    return ask("POST", "/twolane/v1/jobs/" + job.id.hex() + "/cancel" + query, body);
  }
  int64_t cancelled(const Job& job) { return store().job(job.id).value()->totals.of(RequestState::cancelled); }
};

TEST_F(JobsTest, SomeRequestsAreCancelled) {
  const Job job = give(20);
  const auto reply = cancel(job, R"({"rows":"11-20"})");
  ASSERT_EQ(reply.status, 200) << *reply.body.text();
  EXPECT_EQ(json(reply)["counts"]["cancelled"], 10);
  EXPECT_EQ(json(reply)["counts"]["open"], 10);
  EXPECT_EQ(json(reply)["state"], "running");
  EXPECT_EQ(cancel(job, R"({"rows":"11-20"})").status, 200) << "said again";
  EXPECT_EQ(cancelled(job), 10);
  EXPECT_EQ(cancel(job, R"({"custom_ids":["r1","r2","r15"],"rows":"4"})").status, 200);
  EXPECT_EQ(cancelled(job), 13);
  EXPECT_EQ(cancel(job, "", "?request=r5").status, 200);
  EXPECT_EQ(cancelled(job), 14);
  open();  // a process that begins finds it as it was left
  EXPECT_EQ(cancelled(job), 14);
  EXPECT_EQ(patient::recall_cut(store(), job.id).value().text(), "0-1,3-4,10-19");
}

TEST_F(JobsTest, ASlipCancelsNothing) {
  const Job job = give(3);
  const struct {
    const char* body;
    int status;
    const char* code;
  } rows[] = {{"rows=1", 400, "usage.body"},
              {"[1]", 400, "usage.body"},
              {"{}", 400, "usage.body"},
              {R"({"row":"1"})", 400, "usage.body"},
              {R"({"rows":1})", 400, "usage.body"},
              {R"({"custom_ids":[]})", 400, "usage.body"},
              {R"({"custom_ids":[1]})", 400, "usage.body"},
              {R"({"rows":"0-2"})", 400, "usage.rows"},
              {R"({"rows":"9-12"})", 404, "usage.request"},
              {R"({"custom_ids":["r1","r9"]})", 404, "usage.request"}};
  for (const auto& row : rows) {
    const auto reply = cancel(job, row.body);
    EXPECT_EQ(reply.status, row.status) << row.body;
    EXPECT_EQ(json(reply)["error"]["code"], row.code) << row.body;
    EXPECT_FALSE(json(reply)["error"]["next"].empty()) << row.body;
  }
  EXPECT_EQ(cancelled(job), 0);
  EXPECT_EQ(cancel(job, "").status, 200);
  EXPECT_EQ(cancelled(job), 3) << "no body: the whole job";
}

}  // namespace
}  // namespace twolane::gateway
