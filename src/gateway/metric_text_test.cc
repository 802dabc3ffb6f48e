#include "gateway/metric_text.h"

#include <gtest/gtest.h>

namespace twolane::gateway {
namespace {

TEST(MetricText, LabelsAreEscaped) {
  EXPECT_EQ(label_text("gpt-4.1-mini"), "gpt-4.1-mini");
  EXPECT_EQ(label_text(R"(a"b\c)"), R"(a\"b\\c)");
  EXPECT_EQ(label_text("a\nb"), R"(a\nb)");
  EXPECT_EQ(label_text("größe {}="), "größe {}=");  // UTF-8 and the format's other signs stand as they are
}

TEST(MetricText, ASampleIsOneLine) {
  std::string out;
  put_sample(out, "calls_total", {{"key", "a\"\n} 7"}, {"door", "openai"}}, 3);
  EXPECT_EQ(out, "calls_total{key=\"a\\\"\\n} 7\",door=\"openai\"} 3\n");
}

TEST(MetricText, AGaugeHasItsType) {
  std::string out;
  put_gauge(out, "open", -1);
  put_gauge(out, "usd", "0.5");
  EXPECT_EQ(out, "# TYPE open gauge\nopen -1\n# TYPE usd gauge\nusd 0.5\n");
}

}  // namespace
}  // namespace twolane::gateway
