// Widths and heights are of a drawing 760 units wide that scales with the page.
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

std::string words(double x, double y, std::string_view anchor, const std::string& text, std::string_view style = "t") {
  return "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" text-anchor=\"" + std::string(anchor) + "\" class=\"" +
         std::string(style) + "\">" + html_text(text) + "</text>";
}

std::string drawing(double height, const std::string& about, const std::string& inside) {
  return "<svg viewBox=\"0 0 " + number(wide) + ' ' + number(height) + "\" role=\"img\" aria-label=\"" + html_text(about, 300) +
         "\">" + inside + "</svg>\n";
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
  constexpr double row = 30, label_end = 270, right_end = wide - 110;
  const double scale = (right_end - label_end) / std::max(static_cast<double>(all.front().amount.n), 1.0);
  std::string inside;
  double at = 0, y = 4;
  for (const Bar& bar : all) {
    const auto amount = static_cast<double>(bar.amount.n) * scale;
    const double from = bar.total ? 0 : std::min(at, at + amount), length = std::abs(amount);
    inside += words(label_end - 8, y + 16, "end", bar.label);
    inside += rectangle(label_end + from, y, std::max(length, 1.0), row - 9, bar.total ? "total" : "step");
    const double value_at = label_end + from + length + 6;
    inside += words(value_at, y + 16, "start", shown_usd(bar.amount, decimals, Round::half_even), "v");
    at = bar.total ? amount : at + amount;
    y += row;
  }
  return drawing(y, "Waterfall: " + all.front().label + " " + shown_usd(all.front().amount, decimals, Round::half_even) + " USD, " +
                        all.back().label + " " + shown_usd(all.back().amount, decimals, Round::half_even) + " USD", inside);
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

std::string bars(std::span<const Bar> all, int decimals) {
  constexpr double row = 28, label_end = 150, right_end = wide - 110;
  PicoUsd most{1};
  for (const Bar& b : all) most = std::max(most, b.amount);
  std::string inside, about;
  double y = 2;
  for (const Bar& b : all) {
    const double w = (right_end - label_end) * std::max(portion(b.amount, most), 0.0);
    inside += words(label_end - 8, y + 15, "end", b.label) + rectangle(label_end, y, std::max(w, 1.0), row - 9, "step");
    inside += words(label_end + w + 6, y + 15, "start", shown_usd(b.amount, decimals, Round::half_even), "v");
    about += b.label + ' ' + shown_usd(b.amount, decimals, Round::half_even) + " USD; ";
    y += row;
  }
  return drawing(y, about, inside);
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
