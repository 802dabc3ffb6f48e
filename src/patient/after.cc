// Two braces side by side stand in JSON within strings only, so places are found in the body as written.
#include "patient/after.h"

#include <algorithm>

#include "wire/json.h"

namespace twolane::patient {
namespace {

constexpr std::string_view opening = "{{answer", closing = "}}";

Error after_error(std::string message, std::string why, std::string next) {
  Error e;
  e.code = "input.after";
  e.message = std::move(message);
  e.why = std::move(why);
  e.where.field = "after";
  e.next = {std::move(next)};
  return e;
}

std::unexpected<Error> no_id(std::string message) {
  return fail(after_error(std::move(message), "it names the requests whose answers are needed first",
                          R"("after":"ID" or "after":["ID","ID"] with custom_ids of earlier lines)"));
}

Result<std::vector<std::string>> checked(std::vector<std::string> ids) {
  for (const std::string& id : ids) {
    if (id.empty()) return no_id("after has an empty id");
    if (std::ranges::count(ids, id) > 1) return no_id("after names " + id + " twice");
  }
  return ids;
}

// What stands between the braces behind "answer", or nothing where this is no place.
struct Tail {
  std::string_view id;  // as written in JSON
  size_t length = 0;    // of the place
};
std::optional<Tail> tail_of(std::string_view rest) {
  if (rest.substr(opening.size()).starts_with(closing)) return Tail{{}, opening.size() + closing.size()};
  if (!rest.substr(opening.size()).starts_with(':')) return std::nullopt;
  const size_t begin = opening.size() + 1;
  for (size_t at = begin; at < rest.size() && rest[at] != '"'; ++at) {
    if (rest[at] == '\\') ++at;
    else if (rest.substr(at).starts_with(closing)) return Tail{rest.substr(begin, at - begin), at + closing.size()};
  }
  return std::nullopt;
}

Result<size_t> which_id(std::string_view written, std::span<const std::string> ids) {
  if (written.empty()) {
    if (ids.size() == 1) return 0;
    return fail(after_error("{{answer}} does not say whose", "the line comes after " + std::to_string(ids.size()) + " requests",
                            "{{answer:ID}} with one of them"));
  }
  const auto id = wire::parse_json('"' + std::string(written) + '"');
  const auto found = id && id->is_string() ? std::ranges::find(ids, id->get<std::string>()) : ids.end();
  if (found != ids.end()) return static_cast<size_t>(found - ids.begin());
  return fail(after_error("{{answer:" + std::string(written) + "}} is the answer of no request in after",
                          "an answer can be used where the line comes after its request", "add the id to after"));
}

}  // namespace

Result<std::vector<std::string>> ids_after(const BatchLine::Member& after) {
  if (after.is == BatchLine::Is::absent) return std::vector<std::string>();
  if (after.is == BatchLine::Is::text) return checked({std::string(after.text)});
  const auto json = wire::parse_json(after.text);
  if (json && json->is_null()) return std::vector<std::string>();
  if (!json || !json->is_array()) return no_id("after is no id");
  std::vector<std::string> ids;
  for (const wire::Json& id : *json) {
    if (!id.is_string()) return no_id("after has an id that is not text");
    ids.push_back(id.get<std::string>());
  }
  return checked(std::move(ids));
}

Result<std::vector<AnswerPlace>> answer_places(std::string_view body, std::span<const std::string> ids) {
  std::vector<AnswerPlace> places;
  for (size_t at = body.find(opening); at != body.npos; at = body.find(opening, at)) {
    const auto tail = tail_of(body.substr(at));
    if (!tail) {
      at += opening.size();
      continue;
    }
    places.push_back({at, tail->length, TRY(which_id(tail->id, ids))});
    at += tail->length;
  }
  return places;
}

std::string with_answers(std::string_view body, std::span<const AnswerPlace> places,
                         std::span<const std::string> texts, int64_t& inserted) {
  std::string out;
  size_t done = 0;
  for (const AnswerPlace& place : places) {
    const std::string& text = texts[place.which];
    const std::string quoted = wire::dump(wire::Json(text));
    out.append(body.substr(done, place.at - done));
    out.append(quoted, 1, quoted.size() - 2);
    inserted += static_cast<int64_t>(text.size());
    done = place.at + place.length;
  }
  out.append(body.substr(done));
  return out;
}

}  // namespace twolane::patient
