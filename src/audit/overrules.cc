// A reader of words, quotes and names; nothing more.
#include "audit/overrules.h"

#include <algorithm>

namespace twolane::audit {
namespace {

Error at_line(std::string_view file, int64_t line, std::string message, std::string why, std::string next) {
  Error e;
  e.code = "audit.overrules";
  e.message = std::move(message);
  e.where.file = file;
  e.where.line = line;
  e.why = std::move(why);
  e.next = {std::move(next)};
  return e;
}

// The next word of a line, quotes taken off; nothing at its end. False: a quote is not closed.
bool next_word(std::string_view& rest, std::optional<std::string>& word) {
  word.reset();
  while (!rest.empty() && (rest.front() == ' ' || rest.front() == '\t' || rest.front() == '\r')) rest.remove_prefix(1);
  if (rest.empty() || rest.front() == '#') return true;
  word.emplace();
  bool quoted = false;
  while (!rest.empty()) {
    char c = rest.front();
    if (!quoted && (c == ' ' || c == '\t' || c == '\r')) break;
    rest.remove_prefix(1);
    if (c == '"') {
      quoted = !quoted;
      continue;
    }
    if (quoted && c == '\\' && !rest.empty()) c = rest.front(), rest.remove_prefix(1);
    word->push_back(c);
  }
  return !quoted;
}

std::optional<std::string>* place_of(Overrule& o, std::string_view name) {
  if (name == "key") return &o.key;
  if (name == "team") return &o.team;
  if (name == "user") return &o.user;
  if (name == "route") return &o.route;
  if (name == "prompt") return &o.family;
  if (name == "client") return &o.client;
  return nullptr;
}

Result<Overrule> parse_line(std::string_view rest, std::string_view file, int64_t line) {
  Overrule o;
  o.line = line;
  std::optional<std::string> word;
  const auto broken = [&] { return fail(at_line(file, line, "a quote is not closed", "the line ends first", "close it")); };
  if (!next_word(rest, word)) return broken();
  if (*word == "can-wait") {
    if (!next_word(rest, word)) return broken();
    const auto span = parse_duration(word.value_or(""));
    if (!span || span->ms <= 0)
      return fail(at_line(file, line, '"' + word.value_or("") + "\" is no time to wait", "can-wait names a span", "write can-wait 6h"));
    o.tolerates = *span;
    const bool hours_long = price::verdict({.deadline = *span}, 31).rule == price::Rule::today;
    o.verdict = hours_long ? Verdict::can_wait_hours : Verdict::can_wait_minutes;
  } else if (*word == "cannot-tell") {
    o.verdict = Verdict::cannot_tell;
  } else if (*word != "interactive") {
    return fail(at_line(file, line, '"' + *word + "\" is no verdict", "a line begins with its verdict",
                        "write interactive, can-wait 6h or cannot-tell"));
  }
  bool named = false;
  for (;;) {
    if (!next_word(rest, word)) return broken();
    if (!word) break;
    if (*word == "all") {
      named = true;
      continue;
    }
    const size_t equals = word->find('=');
    auto* place = equals == std::string::npos ? nullptr : place_of(o, std::string_view(*word).substr(0, equals));
    if (place == nullptr)
      return fail(at_line(file, line, '"' + *word + "\" names nothing", "names are key, team, user, route, prompt and client",
                          "write key=NAME"));
    *place = word->substr(equals + 1);
    named = true;
  }
  if (!named) return fail(at_line(file, line, "the line names no caller", "it would hold for all of them", "add key=NAME, or all"));
  return o;
}

void append_name(std::string& line, std::string_view what, std::string_view value) {
  if (value.empty()) return;
  line.append(1, ' ').append(what).append(1, '=');
  if (value.find_first_of(" \t\"\\#") == std::string_view::npos) {
    line += value;
    return;
  }
  line += '"';
  for (const char c : value) {
    if (c == '"' || c == '\\') line += '\\';
    line += c == '\n' || c == '\r' ? ' ' : c;
  }
  line += '"';
}

}  // namespace

bool Overrule::matches(const CallerName& n) const {
  const auto same = [](const std::optional<std::string>& wanted, const std::string& is) { return !wanted || *wanted == is; };
  return same(key, n.key) && same(team, n.team) && same(user, n.user) && same(route, n.route) &&
         same(family, n.family) && same(client, n.client);
}

Result<std::vector<Overrule>> parse_overrules(std::string_view text, std::string_view file) {
  std::vector<Overrule> all;
  for (int64_t line = 1; !text.empty(); ++line) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view one = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const size_t first = one.find_first_not_of(" \t\r");
    if (first == std::string_view::npos || one[first] == '#') continue;
    all.push_back(TRY(parse_line(one, file, line)));
  }
  return all;
}

void overrule(Finding& f, const CallerName& name, const std::vector<Overrule>& overrules) {
  const Overrule* last = nullptr;
  for (const Overrule& o : overrules)
    if (o.matches(name)) last = &o;
  if (last == nullptr || f.verdict == Verdict::already_batched) return;
  f.overruled = true;
  f.overrule_note = "found: " + std::string(words_of(f.verdict)) + "; line " + std::to_string(last->line) + " of the overrules says otherwise";
  f.verdict = last->verdict;
  f.confidence = 1000;
  f.nobody_waits = can_wait(last->verdict) ? 1000 : last->verdict == Verdict::interactive ? 0 : f.nobody_waits;
  f.tolerates = last->tolerates;
  f.tolerates_because = can_wait(last->verdict) ? "a person said so" : "";
}

std::string overrule_line(std::string_view verdict, const CallerName& n) {
  std::string line(verdict);
  append_name(line, "key", n.key);
  append_name(line, "team", n.team);
  append_name(line, "route", n.route);
  append_name(line, "user", n.user);
  append_name(line, "prompt", n.family);
  append_name(line, "client", n.client);
  if (line == verdict) line += " all";
  return line;
}

}  // namespace twolane::audit
