// Reading rows and filling prompts. The templates of the last options are kept compiled: a job's
// rows come one after the other.
#include "patient/row_request.h"

#include <algorithm>

#include "dialect/catalogue.h"
#include "dialect/translate.h"
#include "wire/csv.h"
#include "wire/json_fault.h"

namespace twolane::patient {
namespace {

struct Compiled {
  std::string prompt_text, system_text;  // what it was compiled from
  Target target;
  PromptTemplate prompt, system;
  Endpoint endpoint = Endpoint::chat_completions;

  bool is_for(const InputOptions& o) const {
    return prompt_text == o.prompt && system_text == o.system && !o.models.empty() &&
           target == o.models.front();
  }
};

Result<Compiled> compile(const InputOptions& options) {
  Compiled c;
  c.prompt = TRY(PromptTemplate::parse(options.prompt));
  c.system = TRY(PromptTemplate::parse(options.system));
  if (options.models.empty())
    return fail("input.model", "rows name no model", "the command named none");
  c.prompt_text = options.prompt;
  c.system_text = options.system;
  c.target = options.models.front();
  c.endpoint = row_endpoint(c.target);
  return c;
}

std::unexpected<Error> wrong_width(size_t fields, size_t columns) {
  Error e;
  e.code = "input.format";
  e.message =
      "a row has " + std::to_string(fields) + " fields, the header has " + std::to_string(columns);
  e.why = "a comma or a quote is missing or too many, so columns cannot be told apart";
  e.next = {"put fields with commas in double quotes"};
  return fail(std::move(e));
}

}  // namespace

Status Row::take_csv(std::span<const std::string_view> fields,
                     const std::vector<std::string>& columns) {
  if (fields.size() != columns.size()) return wrong_width(fields.size(), columns.size());
  names_.assign(columns.begin(), columns.end());
  values_.assign(fields.begin(), fields.end());
  return {};
}

Status Row::read_csv(std::string_view record, const std::vector<std::string>& columns) {
  if (auto split = wire::split_csv_record(record, ',', values_, unquoted_); !split) {
    Error e = std::move(split).error();
    e.code = "input.format";
    return fail(std::move(e));
  }
  if (values_.size() != columns.size()) return wrong_width(values_.size(), columns.size());
  names_.assign(columns.begin(), columns.end());
  return {};
}

Status Row::read_json(std::string_view object) {
  names_.clear();
  values_.clear();
  dumped_.clear();
  padded_.reserve(object.size() + simdjson::SIMDJSON_PADDING);
  padded_.assign(object);
  simdjson::dom::element root;
  const auto failed = parser_.parse(padded_.data(), padded_.size(), false).get(root);
  simdjson::dom::object members;
  if (failed || root.get(members)) {
    const auto fault = wire::find_json_fault(object);
    return fail(wire::error_at(
        "input.json", fault ? "the row is not JSON" : "the row is no JSON object", object,
        fault ? fault->offset : 0, std::string(fault ? fault->expected : "expected an object")));
  }
  dumped_.reserve(members.size());
  for (const auto member : members) {
    std::string_view text;
    if (member.value.get(text)) {
      dumped_.push_back(simdjson::minify(member.value));
      text = dumped_.back();
    }
    names_.push_back(member.key);
    values_.push_back(text);
  }
  return {};
}

const std::string_view* Row::value(std::string_view column) const {
  for (size_t i = 0; i < names_.size(); ++i)
    if (names_[i] == column) return &values_[i];
  return nullptr;
}

std::string_view Row::own_id() const {
  for (const std::string_view name : {"custom_id", "id"})
    if (const auto* id = value(name); id && !id->empty() && *id != "null") return *id;
  return {};
}

Endpoint row_endpoint(const Target& target) {
  const dialect::ProviderEntry* provider = dialect::find_provider(target.provider);
  const dialect::ModelEntry* model = dialect::find_model(target.provider, target.model);
  const Dialect words = provider ? provider->dialect : Dialect::openai;
  switch (model ? model->operation : Operation::chat) {
    case Operation::embedding:
      return words == Dialect::gemini ? Endpoint::embed_content : Endpoint::embeddings;
    case Operation::moderation:
      return Endpoint::moderations;
    default:
      break;
  }
  switch (words) {
    case Dialect::anthropic:
      return Endpoint::messages;
    case Dialect::gemini:
      return Endpoint::generate_content;
    default:
      return Endpoint::chat_completions;
  }
}

Result<std::string> row_body(const InputOptions& options, const Row& row) {
  thread_local Compiled last;
  thread_local std::string prompt, system;
  if (!last.is_for(options)) last = TRY(compile(options));
  prompt.clear();
  system.clear();
  const auto value = [&](std::string_view column) { return row.value(column); };
  if (auto missing = last.prompt.render(prompt, value); !missing.empty())
    return fail(unknown_column(missing, row.names()));
  if (auto missing = last.system.render(system, value); !missing.empty())
    return fail(unknown_column(missing, row.names()));
  return dialect::request_from_prompt(last.endpoint, last.target.model, system, prompt,
                                      options.schema, options.output_tokens);
}

Status check_templates(const InputOptions& options) {
  const Compiled compiled = TRY(compile(options));
  if (options.format != InputFormat::csv_rows) return {};
  for (const PromptTemplate* t : {&compiled.prompt, &compiled.system})
    for (const auto& part : t->parts())
      if (part.column && std::ranges::find(options.columns, part.text) == options.columns.end())
        return fail(unknown_column(part.text, options.columns));
  return {};
}

}  // namespace twolane::patient
