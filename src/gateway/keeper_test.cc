#include "gateway/keeper_fixture.h"

namespace twolane::gateway {
namespace {

using wire::Json;

std::string lines(int count, const std::string& model = "gpt-5.4-mini") {
  std::string text;
  for (int i = 0; i < count; ++i)
    text += R"({"custom_id":"t-)" + std::to_string(i) + R"(","method":"POST","url":"/v1/chat/completions","body":{"model":")" +
            model + R"(","max_completion_tokens":8,"messages":[{"role":"user","content":"hello"}]}})" + "\n";
  return text;
}

class KeeperDoors : public KeeperTest {
 protected:
  std::string upload(const std::string& text, const std::string& owner = {}, const std::string& fields = {}) {
    const auto reply = ask("POST", "/v1/files",
                           "--b\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n" + fields +
                               "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"in.jsonl\"\r\n\r\n" + text +
                               "\r\n--b--\r\n",
                           owner, {{"content-type", "multipart/form-data; boundary=b"}});
    EXPECT_EQ(reply.status, 200);
    return std::string(wire::string_at(json(reply), "id"));
  }
  wire::HttpReply create(const std::string& file, const std::string& owner = {}, const std::string& idempotency = {}) {
    wire::Headers headers;
    if (!idempotency.empty()) headers.emplace_back("idempotency-key", idempotency);
    return ask("POST", "/v1/batches",
               wire::dump(Json{{"input_file_id", file}, {"endpoint", "/v1/chat/completions"}, {"completion_window", "24h"}}),
               owner, headers);
  }
  std::string batch(const std::string& owner = {}) {
    const auto reply = create(upload(lines(2), owner), owner);
    EXPECT_EQ(reply.status, 200);
    return std::string(wire::string_at(json(reply), "id"));
  }
  static std::vector<std::string> ids(const Json& list, const char* member = "data", const char* name = "id") {
    std::vector<std::string> found;
    if (const Json* all = wire::find(list, member))
      for (const Json& one : *all) found.emplace_back(wire::string_at(one, name));
    return found;
  }
  Job job_of(const std::string& batch, const std::string& owner = {}) {
    return *keeper_->job_of(*keeper_->shelf().find(Object::Kind::batch, Dialect::openai, owner, batch));
  }
};

TEST_F(KeeperDoors, CreatingWithTheSameKeyIsOneBatch) {
  const std::string file = upload(lines(2), "ana"), others = upload(lines(2), "ben");
  const auto first = json(create(file, "ana", "k1"));
  EXPECT_EQ(json(create(file, "ana", "k1"))["id"], first["id"]);
  EXPECT_NE(json(create(file, "ana", "k2"))["id"], first["id"]);
  EXPECT_NE(json(create(file, "ana"))["id"], first["id"]);  // without a key each is its own
  EXPECT_NE(json(create(others, "ben", "k1"))["id"], first["id"]);
  EXPECT_EQ(jobs().size(), 4u);
  open();
  EXPECT_EQ(json(create(file, "ana", "k1"))["id"], first["id"]);
  EXPECT_EQ(jobs().size(), 4u);
}

TEST_F(KeeperDoors, AJobKnowsItsOwnerAndHowSureItIsToBe) {
  const auto terms = patient::recall_terms(store(), job_of(batch("ana"), "ana").id);
  ASSERT_TRUE(terms);
  EXPECT_EQ(*terms, (patient::Terms{.owner = "ana"}));
  const std::string file = upload(lines(2), "ben");
  const auto reply = ask("POST", "/v1/batches",
                         wire::dump(Json{{"input_file_id", file}, {"endpoint", "/v1/chat/completions"}, {"completion_window", "6h"}}),
                         "ben", {{"twolane-on-time", "0.999"}});
  const auto sure = patient::recall_terms(store(), job_of(std::string(wire::string_at(json(reply), "id")), "ben").id);
  ASSERT_TRUE(sure);
  EXPECT_EQ(*sure, (patient::Terms{.owner = "ben", .on_time = 0.999}));
}

TEST_F(KeeperDoors, PagesOfOpenAi) {
  std::vector<std::string> made;
  for (int i = 0; i < 5; ++i) made.insert(made.begin(), batch("ana"));
  batch("ben");
  std::vector<std::string> seen;
  std::string after;
  for (int page = 0; page < 3; ++page) {
    const Json list = json(ask("GET", "/v1/batches?limit=2" + (after.empty() ? "" : "&after=" + after), "", "ana"));
    EXPECT_EQ(list["has_more"], page < 2);
    for (const auto& id : ids(list)) seen.push_back(id);
    EXPECT_EQ(list["last_id"], seen.back());
    after = seen.back();
  }
  EXPECT_EQ(seen, made);
  const Json beyond = json(ask("GET", "/v1/batches?after=" + made.back(), "", "ana"));
  EXPECT_EQ(beyond["data"], Json::array());
  EXPECT_EQ(beyond["has_more"], false);
  EXPECT_EQ(beyond["first_id"], nullptr);
  EXPECT_EQ(json(ask("GET", "/v1/batches?limit=nonsense", "", "ana"))["data"].size(), 5u);
}

TEST_F(KeeperDoors, PagesOfAnthropicGoBothWays) {
  std::vector<std::string> made;
  for (int i = 0; i < 5; ++i) {
    const auto reply = ask("POST", "/v1/messages/batches",
                           R"({"requests":[{"custom_id":"a","params":{"model":"gpt-5.4-mini","max_tokens":8,"messages":[)"
                           R"({"role":"user","content":"hello"}]}}]})",
                           "ana");
    ASSERT_EQ(reply.status, 200) << reply.body.text().value();
    made.insert(made.begin(), std::string(wire::string_at(json(reply), "id")));
  }
  const auto page = [&](const std::string& query) { return json(ask("GET", "/v1/messages/batches?limit=2" + query, "", "ana")); };
  const auto part = [&](size_t from, size_t to) {
    return std::vector<std::string>(made.begin() + static_cast<long>(from), made.begin() + static_cast<long>(to));
  };
  EXPECT_EQ(ids(page("")), part(0, 2));
  EXPECT_EQ(page("")["has_more"], true);
  EXPECT_EQ(ids(page("&after_id=" + made[1])), part(2, 4));
  EXPECT_EQ(ids(page("&after_id=" + made[3])), part(4, 5));
  EXPECT_EQ(page("&after_id=" + made[3])["has_more"], false);
  EXPECT_EQ(ids(page("&before_id=" + made[4])), part(2, 4));
  EXPECT_EQ(ids(page("&before_id=" + made[1])), part(0, 1));
  EXPECT_EQ(ids(page("&after_id=" + made[4])), part(0, 0));
}

TEST_F(KeeperDoors, PagesOfGemini) {
  const std::string body = R"({"batch":{"input_config":{"requests":{"requests":[{"request":{"contents":[{"parts":[{"text":"a"}]}]}}]}}}})";
  std::vector<std::string> made;
  for (int i = 0; i < 3; ++i)
    made.insert(made.begin(), std::string(wire::string_at(
                                  json(ask("POST", "/v1beta/models/gpt-5.4-mini:batchGenerateContent", body, "ana")), "name")));
  const Json first = json(ask("GET", "/v1beta/batches?pageSize=2", "", "ana"));
  EXPECT_EQ(ids(first, "operations", "name"), (std::vector<std::string>{made[0], made[1]}));
  const std::string token(wire::string_at(first, "nextPageToken"));
  ASSERT_FALSE(token.empty());
  const Json rest = json(ask("GET", "/v1beta/batches?pageSize=2&pageToken=" + token, "", "ana"));
  EXPECT_EQ(ids(rest, "operations", "name"), std::vector<std::string>{made[2]});
  EXPECT_FALSE(rest.contains("nextPageToken"));
}

TEST_F(KeeperDoors, AnothersThingsAreNotThere) {
  const std::string file = upload(lines(2), "ana"), made = batch("ana"), job = job_of(made, "ana").id.hex();
  const std::pair<const char*, std::string> doors[] = {
      {"GET", "/v1/files/" + file},          {"GET", "/v1/files/" + file + "/content"}, {"DELETE", "/v1/files/" + file},
      {"GET", "/v1/batches/" + made},        {"POST", "/v1/batches/" + made + "/cancel"}, {"GET", "/twolane/v1/batches/" + made},
      {"GET", "/twolane/v1/jobs/" + job},    {"GET", "/twolane/v1/jobs/" + job + "/results"},
      {"POST", "/twolane/v1/jobs/" + job + "/cancel"}, {"POST", "/twolane/v1/jobs/" + job + "/forget"}};
  for (const auto& [method, path] : doors)
    for (const char* owner : {"ben", ""}) EXPECT_EQ(ask(method, path, "", owner).status, 404) << method << ' ' << path;
  EXPECT_EQ(ask("GET", "/v1/batches/" + made, "", "ana").status, 200);
  EXPECT_EQ(job_of(made, "ana").state, JobState::running);
}

TEST_F(KeeperDoors, AJobIsForgottenOnceItHasEnded) {
  const std::string made = batch();
  const Job job = job_of(made);
  const auto early = ask("POST", "/twolane/v1/jobs/" + job.id.hex() + "/forget");
  EXPECT_EQ(early.status, 409);
  EXPECT_EQ(wire::string_at(json(early)["error"], "code"), "job.unfinished");
  ASSERT_TRUE(ask("POST", "/v1/batches/" + made + "/cancel").status == 200);
  end(job);
  EXPECT_EQ(ask("POST", "/twolane/v1/jobs/" + job.id.hex().substr(0, 5) + "/forget").status, 200);
  EXPECT_EQ(ask("GET", "/v1/batches/" + made).status, 404);
  EXPECT_TRUE(jobs().empty());
  open();
  EXPECT_EQ(ask("GET", "/v1/batches/" + made).status, 404);
}

TEST_F(KeeperDoors, ABatchWhoseJobIsGoneIsLitter) {
  const std::string made = batch();
  const Job job = job_of(made);
  end(job);
  ASSERT_TRUE(keeper_->home().forget(job.id));  // and the process dies before its batch went
  open();
  EXPECT_EQ(ask("GET", "/v1/batches/" + made).status, 404);
}

TEST_F(KeeperDoors, UntilWhenFilesAreKept) {
  const Time now = keeper_->now();
  struct Case {
    Dialect door;
    Duration retention, asked, kept;  // 0: for ever
  };
  for (const Case& c : {Case{Dialect::openai, {}, {}, {}}, Case{Dialect::openai, days(30), {}, days(30)},
                        Case{Dialect::openai, {}, hours(1), hours(1)}, Case{Dialect::openai, days(30), hours(1), hours(1)},
                        Case{Dialect::openai, days(1), days(30), days(1)}, Case{Dialect::gemini, {}, {}, hours(48)},
                        Case{Dialect::gemini, days(30), {}, hours(48)}, Case{Dialect::gemini, hours(24), {}, hours(24)}}) {
    retention_ = c.retention;
    open();
    EXPECT_EQ(keeper_->file_end(c.door, now, c.asked), c.kept.ms == 0 ? Time{} : now + c.kept)
        << name_of(c.door) << ' ' << c.retention.ms << ' ' << c.asked.ms;
  }
}

TEST_F(KeeperDoors, AnExpiredFileIsNotThere) {
  const std::string id = upload(lines(1)), good = upload(lines(1));
  Object file = *keeper_->find_file(Dialect::openai, "", id);
  file.about["expires_ms"] = keeper_->now().ms;
  ASSERT_TRUE(keeper_->shelf().put(file));
  EXPECT_EQ(ask("GET", "/v1/files/" + id).status, 404);
  EXPECT_EQ(ask("GET", "/v1/files/" + id + "/content").status, 404);
  EXPECT_EQ(create(id).status, 400);
  EXPECT_EQ(ids(json(ask("GET", "/v1/files"))), std::vector<std::string>{good});
}

TEST_F(KeeperDoors, AnUploadOfYesterdayHasExpiredWhenItIsAskedFor) {
  const auto begin = [&] {
    const auto reply = ask("POST", "/v1/uploads", R"({"filename":"a.txt","purpose":"user_data","bytes":1,"mime_type":"text/plain"})");
    return std::string(wire::string_at(json(reply), "id"));
  };
  const std::string late = begin(), other = begin();
  for (const std::string& id : {late, other}) {
    Object upload = *keeper_->shelf().find(Object::Kind::upload, Dialect::openai, "", id);
    upload.about["expires_ms"] = keeper_->now().ms;
    ASSERT_TRUE(keeper_->shelf().put(upload));
  }
  EXPECT_EQ(wire::string_at(json(ask("GET", "/v1/uploads/" + late)), "status"), "expired");
  const Object* untouched = keeper_->shelf().find(Object::Kind::upload, Dialect::openai, "", other);
  EXPECT_EQ(wire::string_at(untouched->about, "status"), "pending");  // its turn comes with the sweep
  EXPECT_EQ(ask("POST", "/v1/uploads/" + other + "/complete", R"({"part_ids":[]})").status, 400);
  EXPECT_EQ(wire::string_at(untouched->about, "status"), "expired");
}

TEST_F(KeeperDoors, ExpiresAfterIsChecked) {
  const auto reply = [&](const std::string& anchor, const std::string& seconds) {
    const std::string part = "--b\r\nContent-Disposition: form-data; name=\"";
    return ask("POST", "/v1/files",
               part + "purpose\"\r\n\r\nbatch\r\n" + part + "expires_after[anchor]\"\r\n\r\n" + anchor + "\r\n" + part +
                   "expires_after[seconds]\"\r\n\r\n" + seconds + "\r\n" + part +
                   "file\"; filename=\"in.jsonl\"\r\n\r\n" + lines(1) + "\r\n--b--\r\n",
               "", {{"content-type", "multipart/form-data; boundary=b"}});
  };
  const auto good = json(reply("created_at", "3600"));
  EXPECT_EQ(wire::int_at(good, "expires_at") - wire::int_at(good, "created_at"), 3600);
  for (const auto& [anchor, seconds] : {std::pair("created_at", "3599"), std::pair("created_at", "2592001"),
                                        std::pair("created_at", "soon"), std::pair("last_active_at", "3600")})
    EXPECT_EQ(reply(anchor, seconds).status, 400) << anchor << ' ' << seconds;
}

}  // namespace
}  // namespace twolane::gateway
