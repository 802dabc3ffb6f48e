// Taking stored lines apart, and the options that they are read by.
#include "patient/request_text.h"

#include "dialect/translate.h"
#include "patient/after.h"
#include "patient/batch_line.h"
#include "patient/input_format.h"
#include "patient/row_request.h"

namespace twolane::patient {
namespace {

std::unexpected<Error> unreadable(std::string_view what) {
  return fail("input.json", "a stored request " + std::string(what),
              "it was checked when it was accepted: the stored bytes are not those any more");
}

bool within(std::string_view part, std::string_view whole) {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

std::string row_number(int64_t index) { return "row-" + std::to_string(index + 1); }

Result<RequestText> row_text(const InputOptions& options, std::string_view line, int64_t index) {
  thread_local Row row;
  CHECKED(options.format == InputFormat::csv_rows ? row.read_csv(line, options.columns)
                                                  : row.read_json(line));
  RequestText out;
  const std::string body = TRY(row_body(options, row));
  std::string id(row.own_id());
  if (id.empty()) id = row_number(index);
  // Views into a string survive its move only when it is too long to be kept inside of itself.
  constexpr size_t surely_on_the_heap = 64;
  out.owned.reserve(id.size() + body.size() + surely_on_the_heap);
  out.owned = id;
  out.owned += body;
  out.custom_id = std::string_view(out.owned).substr(0, id.size());
  out.body = std::string_view(out.owned).substr(id.size());
  out.endpoint = row_endpoint(options.models.front());
  out.model = options.models.front().model;
  return out;
}

}  // namespace

Result<RequestText> request_text(const InputOptions& options, std::string_view line,
                                 int64_t index) {
  if (is_rows(options.format)) return row_text(options, line, index);
  thread_local BatchLineReader reader;
  thread_local PaddedLine padded;
  thread_local BatchLine parts;
  const std::string_view copy = padded.hold(line);
  if (reader.read(options.format, copy, parts)) return unreadable("is not JSON");
  if (parts.body.is != BatchLine::Is::object) return unreadable("has no body");
  const auto here = [&](std::string_view part) {
    return line.substr(static_cast<size_t>(part.data() - copy.data()), part.size());
  };
  RequestText out;
  out.body = here(parts.body.text);
  out.endpoint = TRY(endpoint_of(options.format, parts));
  // Lines are checked when they are taken in; a job of an earlier version may mean something else by it.
  if (auto ids = ids_after(parts.after)) out.after = std::move(*ids);
  const std::string_view id = parts.custom_id.text, model = parts.model.text;
  if (within(id, copy) && within(model, copy)) {
    out.custom_id = here(id);
    out.model = here(model);
    return out;
  }
  constexpr size_t surely_on_the_heap = 64;
  out.owned.reserve(id.size() + model.size() + surely_on_the_heap);
  out.owned.append(id).append(model);
  out.custom_id = std::string_view(out.owned).substr(0, id.size());
  out.model = std::string_view(out.owned).substr(id.size());
  return out;
}

bool has_own_id(const InputOptions& options, const RequestText& request, int64_t index) {
  return !is_rows(options.format) || request.custom_id != row_number(index);
}

Result<std::string> body_for(const InputOptions& options, const RequestText& request,
                             Endpoint endpoint, std::string_view model) {
  if (is_rows(options.format) && endpoint == request.endpoint && model == request.model)
    return std::string(request.body);
  return dialect::translate_request(request.endpoint, request.body, endpoint, model);
}

std::string to_json(const InputOptions& options) {
  wire::Json out = {{"format", std::string(name_of(options.format))}};
  if (!options.prompt.empty()) out["prompt"] = options.prompt;
  if (!options.system.empty()) out["system"] = options.system;
  if (!options.schema.is_null()) out["schema"] = options.schema;
  for (const Target& t : options.models)
    out["models"].push_back({{"provider", t.provider}, {"model", t.model}});
  if (!options.columns.empty()) out["columns"] = options.columns;
  if (options.output_tokens > 0) out["output_tokens"] = options.output_tokens;
  return wire::dump(out);
}

Result<InputOptions> input_options_from_json(std::string_view text) {
  const wire::Json in = TRY(wire::parse_json(text));
  InputOptions out;
  const auto format = input_format(wire::string_at(in, "format"));
  if (!format)
    return fail("input.options", "a job's input format is unknown",
                std::string(text.substr(0, 200)));
  out.format = *format;
  out.prompt = wire::string_at(in, "prompt");
  out.system = wire::string_at(in, "system");
  if (const auto* schema = wire::find(in, "schema")) out.schema = *schema;
  if (const auto* models = wire::find(in, "models"); models && models->is_array())
    for (const auto& m : *models)
      out.models.push_back(
          {std::string(wire::string_at(m, "provider")), std::string(wire::string_at(m, "model"))});
  if (const auto* columns = wire::find(in, "columns"); columns && columns->is_array())
    for (const auto& c : *columns)
      if (c.is_string()) out.columns.push_back(c.get<std::string>());
  out.output_tokens = wire::int_at(in, "output_tokens");
  return out;
}

}  // namespace twolane::patient
