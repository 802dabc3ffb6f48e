// Bars are cells of tables, so that their figures stay readable at any width; the stacked bar is a drawing 760 units
// wide that scales with the page.
#include "app/audit_charts.h"

#include <algorithm>
#include <cstdio>

#include "app/escape.h"
#include "app/figures.h"

namespace twolane::app {
namespace {

constexpr double wide = 760;

std::string number(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", x);
  return text;
}

double portion(PicoUsd amount, PicoUsd whole) {
  return whole.n <= 0 ? 0 : static_cast<double>(amount.n) / static_cast<double>(whole.n);
}

std::string rectangle(double x, double y, double w, double h, std::string_view style) {
  return "<rect x=\"" + number(x) + "\" y=\"" + number(y) + "\" width=\"" + number(std::max(w, 0.0)) + "\" height=\"" +
         number(std::max(h, 0.0)) + "\" class=\"" + std::string(style) + "\"/>";
}

std::string words(double x, double y, std::string_view anchor, const std::string& text, std::string_view style) {
  return "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" text-anchor=\"" + std::string(anchor) + "\" class=\"" +
         std::string(style) + "\">" + html_text(text) + "</text>";
}

std::string drawing(double height, const std::string& about, const std::string& inside) {
  return "<svg viewBox=\"0 0 " + number(wide) + ' ' + number(height) + "\" role=\"img\" aria-label=\"" + html_text(about, 300) +
         "\">" + inside + "</svg>\n";
}

std::string bars_head(std::string_view what) {
  return "<table class=\"bars\"><thead><tr><th scope=\"col\">" + std::string(what) +
         "</th><th class=\"track\"></th><th scope=\"col\" class=\"n\">USD</th></tr></thead><tbody>\n";
}

// A row of a table whose middle cell is the bar; `from` and `length` are shares of its width.
std::string bar_row(const Bar& bar, double from, double length, int decimals) {
  return std::string(bar.total ? "<tr class=\"sum\">" : "<tr>") + "<td>" + html_text(bar.label) +
         "</td><td class=\"track\"><i class=\"" + (bar.total ? "total" : "step") + "\" style=\"margin-left:" + number(100 * from) +
         "%;width:" + number(100 * length) + "%\"></i></td><td class=\"n\">" + shown_usd(bar.amount, decimals, Round::half_even) + "</td></tr>\n";
}

}  // namespace

std::string html_text(std::string_view text, size_t most) {
  std::string out;
  for (const char c : escaped(text, most)) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string waterfall(std::span<const Bar> all, int decimals) {
  if (all.empty()) return {};
  const PicoUsd whole = all.front().amount;
  std::string out = bars_head("step");
  PicoUsd at{};
  for (const Bar& bar : all) {
    const PicoUsd from = bar.total ? PicoUsd{} : std::min(at, at + bar.amount);
    const PicoUsd size = bar.amount.n < 0 ? PicoUsd{} - bar.amount : bar.amount;
    out += bar_row(bar, portion(from, whole), portion(size, whole), decimals);
    at = bar.total ? bar.amount : at + bar.amount;
  }
  return out + "</tbody></table>\n";
}

std::string stacked_bar(std::span<const Part> parts, PicoUsd whole) {
  std::string inside =
      "<defs><pattern id=\"hatch\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">"
      "<rect width=\"6\" height=\"6\" class=\"hatch-ground\"/><rect width=\"2\" height=\"6\" class=\"hatch-line\"/></pattern></defs>";
  std::string about = "Spend by plane:";
  double x = 0;
  for (const Part& p : parts) {
    const double w = wide * portion(p.amount, whole);
    inside += rectangle(x, 0, w, 44, "plane " + p.style);
    if (w > 120) inside += words(x + 8, 27, "start", share(p.amount, whole), "on-" + p.style);
    about += ' ' + p.label + ' ' + share(p.amount, whole) + ',';
    x += w;
  }
  about.back() = '.';
  return drawing(44, about, inside);
}

std::string bars(std::span<const Bar> all, std::string_view what, int decimals) {
  PicoUsd most{1};
  for (const Bar& b : all) most = std::max(most, b.amount);
  std::string out = bars_head(what);
  for (const Bar& b : all) out += bar_row(b, 0, std::max(portion(b.amount, most), 0.0), decimals);
  return out + "</tbody></table>\n";
}

std::string week_table(const std::array<PicoUsd, audit::week_hours>& all,
                       const std::array<PicoUsd, audit::week_hours>& waiting) {
  static constexpr std::string_view days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
  const PicoUsd most = *std::ranges::max_element(all);
  std::string out = "<table class=\"week\"><thead><tr><th scope=\"col\">hour</th>";
  for (const auto day : days) out += "<th scope=\"col\">" + std::string(day) + "</th>";
  out += "</tr></thead><tbody>\n";
  for (size_t hour = 0; hour < 24; ++hour) {
    out += "<tr><th scope=\"row\">" + std::string(hour < 10 ? "0" : "") + std::to_string(hour) + "</th>";
    for (size_t day = 0; day < 7; ++day) {
      const size_t at = (day + 1) % 7 * 24 + hour;  // the array begins on Sunday
      const int level = most.n > 0 ? static_cast<int>((all[at].n * 5 + most.n - 1) / most.n) : 0;
      const bool mostly = waiting[at].n * 2 > all[at].n;
      out += "<td class=\"l" + std::to_string(level) + (mostly ? " w" : "") + "\">" +
             (all[at].n == 0 ? std::string("&middot;") : shown_usd(all[at], 2, Round::half_even)) + "</td>";
    }
    out += "</tr>\n";
  }
  return out + "</tbody></table>\n";
}

}  // namespace twolane::app
