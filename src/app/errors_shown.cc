// Errors as people and machines see them.
#include "app/errors_shown.h"

#include <algorithm>

#include "app/escape.h"
#include "app/figures.h"

namespace twolane::app {
namespace {

constexpr size_t width = 80;
constexpr size_t indent = 9;  // "  where  "

// `text` in lines of at most `room` columns, broken at spaces; a long word stays whole, because it is
// there to be copied.
std::vector<std::string> wrapped(std::string_view text, size_t room) {
  std::vector<std::string> lines;
  std::string line;
  while (!text.empty()) {
    const size_t space = text.find(' ');
    const std::string_view word = text.substr(0, space);
    if (!line.empty() && columns_of(line) + 1 + columns_of(word) > room) {
      lines.push_back(std::move(line));
      line.clear();
    }
    if (!line.empty()) line += ' ';
    line += word;
    text = space == std::string_view::npos ? std::string_view{} : text.substr(space + 1);
  }
  if (!line.empty()) lines.push_back(std::move(line));
  return lines;
}

void append_field(std::string& out, std::string_view name, const std::vector<std::string>& lines) {
  for (size_t i = 0; i < lines.size(); ++i)
    out += "  " + left(i == 0 ? name : "", indent - 2) + lines[i] + '\n';
}

std::string place(const Error& error) {
  const Where& w = error.where;
  std::string text = escaped(w.file);
  if (w.line > 0) text += (text.empty() ? "line " : ":") + std::to_string(w.line);
  if (w.line > 0 && w.column > 0) text += ':' + std::to_string(w.column);
  const auto add = [&text](std::string_view part) {
    if (part.empty()) return;
    if (!text.empty()) text += ", ";
    text += part;
  };
  add(escaped(w.field));
  if (w.note.starts_with("is ")) return text + ' ' + escaped(w.note);  // "body.stream is true"
  if (!w.custom_id.empty() && error.message.find(w.custom_id) == std::string::npos)
    add("custom_id " + escaped(w.custom_id, 40));
  add(escaped(w.provider));
  if (!w.note.empty()) text += (text.empty() ? "" : " ") + escaped(w.note);
  else if (error.count > 1) text += (text.empty() ? "" : " ") + ("(" + counted(error.count, "place") + " in all)");
  return text;
}

// Beside the place when there is room, below it otherwise; a caret under the fault.
void append_where(std::string& out, const Error& error) {
  std::string text = place(error);
  std::string excerpt = error.excerpt, head;
  if (error.excerpt_caret >= 0 && error.excerpt_caret <= static_cast<int64_t>(excerpt.size()))
    head = escaped(std::string_view(excerpt).substr(0, static_cast<size_t>(error.excerpt_caret)));
  excerpt = escaped(excerpt);
  if (text.empty() && excerpt.empty()) return;
  std::vector<std::string> lines = wrapped(text, width - indent);
  if (!excerpt.empty()) {
    size_t column = 0;
    if (lines.size() == 1 && columns_of(lines[0]) + 3 + columns_of(excerpt) <= width - indent) {
      column = columns_of(lines[0]) + 3;
      lines[0] += "   " + excerpt;
    } else {
      lines.push_back(std::string(cut_to(excerpt, width - indent)));
    }
    if (error.excerpt_caret >= 0 && column + columns_of(head) < width - indent)
      lines.push_back(std::string(column + columns_of(head), ' ') + '^');
  }
  append_field(out, "where", lines);
}

// Behind the last line when it fits there, unbroken in any case.
void append_sentence(std::vector<std::string>& lines, std::string_view sentence) {
  if (lines.empty()) return lines.emplace_back(sentence), void();
  std::string& last = lines.back();
  const bool ended = last.ends_with('?') || last.ends_with('.');
  if (columns_of(last) + 2 + columns_of(sentence) > width - indent) lines.emplace_back(sentence);
  else last += (ended ? " " : ". ") + std::string(sentence);
}

std::string shown_as(std::string_view kind, const Error& error, bool nothing_bought) {
  std::string out;
  const std::string head = std::string(kind) + '[' + escaped(error.code) + "]: ";
  const auto message = wrapped(head + escaped(error.message), width);
  for (const auto& line : message) out += line + '\n';
  append_where(out, error);
  append_field(out, "why", wrapped(escaped(error.why), width - indent));
  std::vector<std::string> next;
  for (size_t i = 0; i < error.next.size(); ++i) {
    for (auto& line : wrapped(escaped(error.next[i]), width - indent)) next.push_back(std::move(line));
  }
  if (nothing_bought) append_sentence(next, "Nothing was bought.");
  append_field(out, "next", next);
  return out;
}

wire::Json text_or_null(const std::string& text) {
  return text.empty() ? wire::Json(nullptr) : wire::Json(text);
}
wire::Json count_or_null(int64_t n) { return n > 0 ? wire::Json(n) : wire::Json(nullptr); }

}  // namespace

std::string shown(const Error& error, bool nothing_bought) {
  return shown_as("error", error, nothing_bought);
}

std::string shown_held(const Error& error) { return shown_as("held", error, false); }

bool is_usage(const Error& error) {
  constexpr std::string_view families[] = {"usage.", "config.", "input.", "time.", "dialect."};
  for (const auto family : families)
    if (error.code.starts_with(family)) return true;
  return false;
}

wire::Json error_object(const Error& error, PicoUsd spent) {
  const Where& w = error.where;
  return {{"code", error.code},
          {"message", error.message},
          {"where",
           {{"file", text_or_null(w.file)},
            {"line", count_or_null(w.line)},
            {"column", count_or_null(w.column)},
            {"field", text_or_null(w.field)},
            {"custom_id", text_or_null(w.custom_id)},
            {"provider", text_or_null(w.provider)}}},
          {"why", error.why},
          {"next", error.next},
          {"retryable", error.retryable},
          {"count", error.count},
          {"spent_usd", exact_usd(spent)}};
}

wire::Json failure_object(const Error& error, int exit) {
  return {{"schema", 1}, {"ok", false}, {"exit", exit}, {"job", nullptr}, {"error", error_object(error, {})}};
}

}  // namespace twolane::app
