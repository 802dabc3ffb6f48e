// The report of a labelled month: amounts add up everywhere, and text from logs cannot do harm.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <regex>

#include "app/audit_charts.h"
#include "app/audit_html.h"
#include "app/audit_text.h"
#include "app/config.h"
#include "app/figures.h"
#include "audit/labelled_month_for_test.h"
#include "audit/moves.h"
#include "audit/report_json.h"
#include "dialect/catalogue.h"

namespace twolane::app {
namespace {

const audit::Report& month() {
  static const audit::Report report = [] {
    audit::Collector collector({.zone_minutes = audit::LabelledMonth::zone_minutes, .zone = "+02:00"});
    const audit::LabelledMonth labelled(101);
    for (const auto& call : labelled.calls()) collector.call(call.call());
    return audit::make_report(collector.finish(), {}, {}, audit::worth_a_move, audit::ReplaySettings{});
  }();
  return report;
}

PicoUsd amount(const wire::Json& text) { return parse_usd(text.get<std::string>()).value(); }

// For looking at it: TWOLANE_AUDIT_WRITE=/tmp/month.html app_test --gtest_filter='AuditReport.*'
TEST(AuditReport, IsSmallAndAsksForNothing) {
  const std::string html = audit_html(month());
  if (const char* path = std::getenv("TWOLANE_AUDIT_WRITE")) std::ofstream(path) << html;
  EXPECT_LT(html.size(), 1u << 20);
  EXPECT_EQ(html.find("<script"), std::string::npos);
  EXPECT_EQ(html.find("http://"), std::string::npos);
  EXPECT_EQ(html.find("https://"), std::string::npos);
  EXPECT_NE(html.find("default-src 'none'"), std::string::npos);
  EXPECT_NE(html.find("starts daily about"), std::string::npos);
}

TEST(AuditReport, JsonAddsUp) {
  const auto json = audit::report_json(month());
  PicoUsd planes{}, callers{}, hours{}, moves{};
  for (const auto& [name, usd] : json["planes"].items()) planes += amount(usd);
  for (const auto& c : json["callers"]) callers += amount(c["spend_usd"]);
  for (const auto& h : json["spend_by_hour_of_week_usd"]) hours += amount(h);
  for (const auto& m : json["moves"]) {
    moves += amount(m["saves_usd"]);
    EXPECT_EQ(amount(m["now_usd"]) - amount(m["then_usd"]), amount(m["saves_usd"]));
    EXPECT_LE(amount(m["saves_low_usd"]), amount(m["saves_usd"]));
    EXPECT_GE(amount(m["saves_high_usd"]), amount(m["saves_usd"]));
  }
  const PicoUsd spend = amount(json["spend_usd"]);
  EXPECT_EQ(planes, spend);
  EXPECT_EQ(callers, spend);
  EXPECT_EQ(hours, spend);
  EXPECT_EQ(moves, amount(json["saves_usd"]));
  EXPECT_GT(moves.n, 0);
  for (const auto& c : json["callers"]) EXPECT_EQ(amount(c["lines"]["as_is"]["cost_usd"]), amount(c["spend_usd"]));
}

// Rows of the first table after a heading, as shown.
std::vector<std::string> shown_amounts(const std::string& html, const std::string& heading) {
  const size_t from = html.find(heading), table = html.find("<table", from), end = html.find("</table>", table);
  const std::string text = html.substr(table, end - table);
  const std::regex cell("<td class=\"n\">(-?[0-9]+\\.[0-9]+)</td>");
  std::vector<std::string> out;
  for (auto it = std::sregex_iterator(text.begin(), text.end(), cell); it != std::sregex_iterator(); ++it) out.push_back((*it)[1]);
  return out;
}

TEST(AuditReport, WhatIsShownAddsUp) {
  const std::string html = audit_html(month());
  for (const std::string heading : {"Spend by plane", "From this bill to the next"}) {
    const auto rows = shown_amounts(html, heading);
    ASSERT_GE(rows.size(), 4u) << heading;
    PicoUsd sum{};
    for (size_t i = 0; i + 1 < rows.size(); ++i) sum += parse_usd(rows[i]).value();
    EXPECT_EQ(sum, parse_usd(rows.back()).value()) << heading;
  }
}

TEST(AuditReport, TerminalLinesFitAndSaySo) {
  const std::string text = audit_text(month(), "audit.html");
  size_t from = 0;
  while (from < text.size()) {
    const size_t end = text.find('\n', from);
    if (!text.substr(from, end - from).starts_with("note")) EXPECT_LE(end - from, 80u) << text.substr(from, end - from);
    from = end + 1;
  }
  for (const std::string part : {"can wait hours", "cannot tell", "moves", "all ", "report audit.html"})
    EXPECT_NE(text.find(part), std::string::npos) << part << " in\n" << text;
  if (std::getenv("TWOLANE_AUDIT_WRITE") != nullptr) std::puts(text.c_str());
}

// All of them in one file: each a route of its own, and the file one that serve takes.
TEST(AuditReport, TheSnippetsAreAConfiguration) {
  const auto report = month();
  std::string file;
  size_t snippets = 0;
  for (const auto& m : report.plan.moves) {
    file += m.snippet;
    snippets += m.snippet.empty() ? 0 : 1;
  }
  ASSERT_GT(snippets, 3u);
  ConfigSources sources;
  sources.file = "twolane.toml";
  sources.text = file;
  sources.environment = [](const std::string&) { return std::nullopt; };
  const auto config = read_config(sources);
  ASSERT_TRUE(config.has_value()) << config.error().message << ' ' << config.error().why << '\n' << file;
  ASSERT_EQ(config->routes.size(), snippets);
  for (const auto& route : config->routes) {
    EXPECT_GT(route.deadline.ms, 0) << route.name;
    EXPECT_TRUE(route.lane == "patient" || route.tier == ServiceTier::flex) << route.name;
  }
}

TEST(AuditReport, ItKnowsWhichProvidersARouteCanLeadTo) {
  for (const auto& p : dialect::providers()) EXPECT_EQ(audit::is_driven(p.name), p.driven) << p.name;
}

TEST(AuditReport, HostileNamesStayText) {
  audit::Collector collector({});
  audit::Call call;
  const std::string evil = "</details><script>alert(1)</script>\x1b]52;c;x\x07\xe2\x80\xae\"'" + std::string(1 << 16, 'A');
  call.key = call.user = call.route = call.user_agent = call.model = call.prompt_name = evil;
  call.start = Time{1'780'000'000'000};
  call.usage = Usage{.fresh = 10, .output = 2};
  for (int i = 0; i < 30; ++i) {
    call.start->ms += 1000;
    collector.call(call);
  }
  const auto report = audit::make_report(collector.finish(), {}, {});
  const std::string html = audit_html(report);
  EXPECT_EQ(html.find("<script"), std::string::npos);
  EXPECT_EQ(html.find('\x1b'), std::string::npos);
  EXPECT_EQ(html.find("\xe2\x80\xae"), std::string::npos);
  EXPECT_LT(html.size(), 100'000u);
  const std::string text = audit_text(report, "");
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST(AuditReport, EmptyLogSaysSoWithoutAmounts) {
  audit::Collector collector({});
  const auto report = audit::make_report(collector.finish(), {}, {});
  EXPECT_EQ(audit_text(report, ""), "");
  EXPECT_NE(audit_html(report).find("Method and sources"), std::string::npos);
}

}  // namespace
}  // namespace twolane::app
