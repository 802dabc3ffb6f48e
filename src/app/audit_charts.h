// The charts of the audit's report as inline SVG, and the table of hours. Each stands beside a table or
// holds its values as text; colours come from the report's style, and hatching repeats what hue says.
//
// Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "audit/report.h"

namespace twolane::app {

// Text for HTML: marks escaped, control and bidirectional characters written out, cut at `most` columns.
std::string html_text(std::string_view text, size_t most = 120);

struct Bar {
  std::string label;
  PicoUsd amount;      // its height; below zero it goes down from the one before
  bool total = false;  // stands on the ground
};
// From the first total, down by each step, to the last total; a table with a bar in each row.
std::string waterfall(std::span<const Bar> bars, int decimals);

// One bar of 100 % with its parts; `styles` are classes of the report's style.
struct Part {
  std::string label, style;
  PicoUsd amount;
};
std::string stacked_bar(std::span<const Part> parts, PicoUsd whole);

// Amounts as rows with bars; `what` heads the labels.
std::string bars(std::span<const Bar> bars, std::string_view what, int decimals);

// Spend by hour (rows) and weekday (columns), values written in.
std::string week_table(const std::array<PicoUsd, audit::week_hours>& all,
                       const std::array<PicoUsd, audit::week_hours>& waiting);

}  // namespace twolane::app
