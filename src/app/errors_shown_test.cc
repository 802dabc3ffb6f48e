// Errors in both forms, against the exact text.
#include "app/errors_shown.h"

#include <gtest/gtest.h>

namespace twolane::app {
namespace {

Error not_json() {
  Error e;
  e.code = "input.json";
  e.message = "line 7,001 is not JSON";
  e.where.file = "tickets.jsonl";
  e.where.line = 7001;
  e.where.column = 40;
  e.why = "one bad line sinks a whole provider batch";
  e.next = {"fix it, or add --skip-invalid"};
  e.excerpt = R"(..."method":"POST",url":"/v1/chat)";
  e.excerpt_caret = 19;
  return e;
}

TEST(ErrorsShown, TheExactTextOfARefusal) {
  EXPECT_EQ(shown(not_json(), true),
            "error[input.json]: line 7,001 is not JSON\n"
            "  where  tickets.jsonl:7001:40   ...\"method\":\"POST\",url\":\"/v1/chat\n"
            "                                                    ^\n"
            "  why    one bad line sinks a whole provider batch\n"
            "  next   fix it, or add --skip-invalid. Nothing was bought.\n");
}

TEST(ErrorsShown, NamesFieldNoteAndProvider) {
  Error e;
  e.code = "money.no_credit";
  e.message = "openai takes no new work, credit is used up";
  e.where.provider = "openai";
  e.where.note = "429 credit_balance_exhausted, 02:14";
  e.why = "3,082 requests wait; none failed, none is retried in a loop";
  e.next = {"top up; tried again every 10 min", "twolane show 7f3c91"};
  EXPECT_EQ(shown_held(e),
            "held[money.no_credit]: openai takes no new work, credit is used up\n"
            "  where  openai 429 credit_balance_exhausted, 02:14\n"
            "  why    3,082 requests wait; none failed, none is retried in a loop\n"
            "  next   top up; tried again every 10 min\n"
            "         twolane show 7f3c91\n");
}

TEST(ErrorsShown, SaysNothingTwice) {
  Error e;
  e.code = "input.duplicate_id";
  e.message = "custom_id t-00412 is used twice (6 ids in all)";
  e.where.file = "tickets.jsonl";
  e.where.line = 412;
  e.where.custom_id = "t-00412";
  e.where.note = "and :9871";
  e.next = {"did you mean {text}?"};
  EXPECT_EQ(shown(e, true),
            "error[input.duplicate_id]: custom_id t-00412 is used twice (6 ids in all)\n"
            "  where  tickets.jsonl:412 and :9871\n"
            "  next   did you mean {text}? Nothing was bought.\n");
  e.where.note = "is true (all 13,083 lines)";
  e.where.field = "body.stream";
  EXPECT_NE(shown(e).find("where  tickets.jsonl:412, body.stream is true (all 13,083 lines)\n"), std::string::npos);
}

TEST(ErrorsShown, WrapsAndEscapes) {
  Error e;
  e.code = "provider.invalid";
  e.message = "refused: \x1b[31m" + std::string(30, 'x') + " and then many more words that go on";
  e.where.file = std::string(90, 'f');
  e.count = 6;
  const std::string text = shown(e);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_NE(text.find("\\x1b[31m"), std::string::npos);
  EXPECT_NE(text.find("(6 places in all)"), std::string::npos);
  EXPECT_NE(text.find(" and\nthen many"), std::string::npos) << text;
}

TEST(ErrorsShown, TheObjectHasEveryMember) {
  const auto object = failure_object(not_json(), 2);
  EXPECT_EQ(wire::dump(object),
            R"({"schema":1,"ok":false,"exit":2,"job":null,"error":{"code":"input.json",)"
            R"("message":"line 7,001 is not JSON","where":{"file":"tickets.jsonl","line":7001,)"
            R"("column":40,"field":null,"custom_id":null,"provider":null},)"
            R"("why":"one bad line sinks a whole provider batch",)"
            R"("next":["fix it, or add --skip-invalid"],"retryable":false,"count":1,"spent_usd":"0.00"}})");
}

}  // namespace
}  // namespace twolane::app
