// From bytes to shape and bounds, or to the reason why not.
#include "patient/line_checker.h"

#include <algorithm>
#include <array>

#include "dialect/translate.h"
#include "patient/after.h"
#include "patient/input_format.h"
#include "wire/json_fault.h"
#include "wire/utf8.h"

namespace twolane::patient {
namespace {

Error field_error(std::string field, std::string message, std::string why, std::string next) {
  Error e;
  e.code = "input.field";
  e.message = std::move(message);
  e.why = std::move(why);
  e.where.field = std::move(field);
  e.next = {std::move(next)};
  return e;
}

// A provider validates a file as a whole, mostly at the end.
constexpr std::string_view sinks_the_batch = "one bad line sinks a whole provider batch";

Error not_utf8(std::string_view text, size_t offset) {
  Error e = wire::error_at("input.utf8", "the line is not UTF-8", text, offset,
                           "this byte begins no character");
  e.next = {"convert it: iconv -f LATIN1 -t UTF-8 FILE > FILE.utf8"};
  return e;
}

Error row_not_utf8() {
  Error e;
  e.code = "input.utf8";
  e.message = "the row is not UTF-8";
  e.why = "this byte begins no character";
  e.next = {"convert it: iconv -f LATIN1 -t UTF-8 FILE > FILE.utf8"};
  return e;
}

// What is wrong with a text that was refused as JSON.
Error not_json(std::string_view text) {
  if (const auto fault = wire::find_utf8_fault(text)) return not_utf8(text, *fault);
  const auto fault = wire::find_json_fault(text);
  Error e = wire::error_at("input.json", fault ? "the line is not JSON" : "the line is no request",
                           text, fault ? fault->offset : 0,
                           std::string(fault ? fault->expected : "expected an object"));
  e.next = {"fix it, or add --skip-invalid"};
  return e;
}

// Content that some other dialect cannot say is looked for word by word; finding too much only
// costs another trial.
bool beyond_text(std::string_view body) {
  static constexpr std::array<std::string_view, 14> marks = {
      "\"image",      "\"input_image\"", "\"input_audio\"",   "\"input_file\"", "\"file",
      "\"document\"", "\"inline",        "\"audio",           "\"video",        "\"tool_",
      "\"function",   "\"refusal",       "\"cache_control\"", "\"thinking\""};
  return std::ranges::any_of(marks, [&](std::string_view m) { return body.find(m) != body.npos; });
}

constexpr size_t most_tried = 1 << 16;

}  // namespace

Result<CheckedLine> LineChecker::check(const Record& record) {
  return is_rows(options_.format) ? check_row(record) : check_batch_line(record.text);
}

Result<CheckedLine> LineChecker::check_batch_line(std::string_view text) {
  // check_body parses the body whole, so a usual line needs no other look.
  const bool usual = options_.format != InputFormat::gemini_jsonl &&
                     BatchLineReader::read_usual(options_.format, text, line_);
  if (usual) {
    auto checked = check_line_parts(line_);
    if (checked || checked.error().code != "wire.json") return checked;
  }
  if (reader_.read(options_.format, text, line_)) return fail(not_json(text));
  if (line_.strange && strange_.parse(text.data(), text.size(), false).error())
    return fail(not_json(text));
  auto checked = check_line_parts(line_);
  if (!checked && checked.error().code == "wire.json") return fail(not_json(text));
  return checked;
}

Result<CheckedLine> LineChecker::check_line_parts(const BatchLine& line) {
  CHECKED(check_members(line));
  const Endpoint endpoint = TRY(endpoint_of(options_.format, line));
  auto after = check_after(line);
  if (!after) {
    Error e = std::move(after).error();
    e.where.custom_id = line.custom_id.text;
    return fail(std::move(e));
  }
  size_t answers = 0;
  for (const CheckedLine::After& a : *after) answers += static_cast<size_t>(a.uses);
  auto checked = check_request(endpoint, line.body.text, answers);
  if (!checked) {
    Error e = std::move(checked).error();
    if (e.code != "provider.no_endpoint" && e.code != "wire.json") {
      const std::string body(body_member(options_.format));
      e.where.field = e.where.field.empty() ? body : body + "." + e.where.field;
    }
    e.where.custom_id = line.custom_id.text;
    return fail(std::move(e));
  }
  checked->custom_id = line.custom_id.text;
  checked->after = std::move(*after);
  return checked;
}

Result<std::vector<CheckedLine::After>> LineChecker::check_after(const BatchLine& line) {
  std::vector<CheckedLine::After> after;
  if (line.after.is == BatchLine::Is::absent) return after;
  if (line.after.is == BatchLine::Is::other && line.after.text == "null") return after;
  const std::vector<std::string> ids = TRY(ids_after(line.after));
  for (const std::string& id : ids) {
    after.push_back({id, 0});
    if (id != line.custom_id.text) continue;
    Error e = field_error("after", "the line comes after itself", "it would wait for its own answer",
                          "name earlier lines");
    e.code = "input.after";
    return fail(std::move(e));
  }
  const auto places = TRY(answer_places(line.body.text, ids));
  for (const AnswerPlace& place : places) ++after[place.which].uses;
  return after;
}

Status LineChecker::check_members(const BatchLine& line) const {
  using Is = BatchLine::Is;
  const std::string id(id_member(options_.format)), body(body_member(options_.format));
  if (line.custom_id.is == Is::absent)
    return fail(field_error(id, "a line has no " + id,
                            "answers return in any order and are matched by it",
                            "give every line its own " + id));
  if (line.custom_id.is != Is::text)
    return fail(field_error(id, id + " is not text",
                            "answers return in any order and are matched by it",
                            "put it in quotes"));
  if (line.custom_id.text.empty())
    return fail(field_error(id, id + " is empty",
                            "answers return in any order and are matched by it",
                            "give every line its own " + id));
  if (options_.format == InputFormat::openai_jsonl &&
      (line.method.is != Is::text || line.method.text != "POST"))
    return fail(field_error(
        "method", line.method.is == Is::absent ? "a line has no method" : "method is not POST",
        std::string(sinks_the_batch), "\"method\":\"POST\""));
  if (line.body.is != Is::object)
    return fail(field_error(
        body, line.body.is == Is::absent ? "a line has no " + body : body + " is no object",
        "it is the request itself", "put the request there"));
  return {};
}

Result<CheckedLine> LineChecker::check_row(const Record& record) {
  if (options_.format == InputFormat::csv_rows) {
    for (const std::string_view field : record.fields)
      if (!wire::is_utf8(field)) return fail(row_not_utf8());
    CHECKED(row_.take_csv(record.fields, options_.columns));
  } else if (auto read = row_.read_json(record.text); !read) {
    return fail(not_json(record.text));
  }
  const std::string body = TRY(row_body(options_, row_));
  auto checked = check_request(row_endpoint(options_.models.front()), body);
  if (!checked) {
    Error e = std::move(checked).error();
    e.where.field.clear();  // of a body that only we have seen
    return fail(std::move(e));
  }
  // An id column of the user's may repeat; what is called custom_id claims that it does not.
  if (const auto* id = row_.value("custom_id"); id && *id != "null") checked->custom_id = *id;
  return checked;
}

Result<CheckedLine> LineChecker::check_request(Endpoint endpoint, std::string_view body, size_t answers) {
  const dialect::BodyFacts facts = TRY(dialect::check_body(endpoint, body));
  if (options_.models.empty() && facts.model.empty()) {
    Error e = field_error("model", "the request names no model", "nobody can be asked without one",
                          "add it, or --model PROVIDER/MODEL");
    e.code = "input.model";
    return fail(std::move(e));
  }
  auto route = book_.route(facts.model);
  if (!route) {
    Error e = std::move(route).error();
    e.where.field = "model";
    return fail(std::move(e));
  }
  const auto& reach = book_.at(*route).reach(endpoint);
  if (!reach) {
    Error e = reach.error();
    if (e.code == "provider.no_endpoint" && options_.format == InputFormat::openai_jsonl)
      e.where.note = "url " + std::string(wire_name(endpoint));
    return fail(std::move(e));
  }
  if (reach->translates) CHECKED(try_translation(*route, endpoint, facts.fingerprint, body));
  CheckedLine out;
  out.shape = book_.shape(*route, endpoint, facts.fingerprint);
  out.input_bound = facts.input_bound;
  out.output_bound = facts.output_limit >= 0      ? facts.output_limit
                     : options_.output_tokens > 0 ? options_.output_tokens * facts.choices
                                                  : book_.at(*route).output_limit() * facts.choices;
  input_bytes_ += std::min(static_cast<int64_t>(body.size()), facts.input_bound);
  if (see_)
    CHECKED(see_({book_.shapes()[static_cast<size_t>(out.shape)], endpoint, body, out.output_bound,
                  facts.output_limit >= 0, answers}));
  return out;
}

Status LineChecker::try_translation(int32_t route, Endpoint written, uint64_t fingerprint,
                                    std::string_view body) {
  const uint64_t key =
      (fingerprint ^ (static_cast<uint64_t>(route) << 40)) * 0x9E3779B97F4A7C15ull +
      static_cast<uint64_t>(written);
  const bool own_trial = beyond_text(body);
  if (!own_trial && tried_.contains(key)) return {};
  Route& to = book_.at(route);
  const auto& endpoints = to.reach(written)->endpoints;
  for (size_t i = 0; i < endpoints.size(); ++i) {
    if (endpoints[i] == written) continue;
    const Target& target = to.targets()[i];
    if (auto said = dialect::translate_request(written, body, endpoints[i], target.model); !said) {
      Error e = std::move(said).error();
      e.where.provider = target.provider;
      return fail(std::move(e));
    }
  }
  if (tried_.size() >= most_tried) tried_.clear();
  if (!own_trial) tried_.insert(key);
  return {};
}

}  // namespace twolane::patient
