// Texts from flags or from the files that they name.
#include "app/input_flags.h"

#include "app/config.h"
#include "dialect/catalogue.h"

namespace twolane::app {

Result<patient::IntakeOptions> read_input_flags(const RunFlags& flags) {
  patient::IntakeOptions options;
  patient::InputOptions& input = options.input;
  input.prompt = flags.prompt_file.empty()
                     ? flags.prompt
                     : TRY(read_text_file(flags.prompt_file, "--prompt-file"));
  input.system = flags.system_file.empty()
                     ? flags.system
                     : TRY(read_text_file(flags.system_file, "--system-file"));
  if (!flags.schema_file.empty()) {
    auto schema = wire::parse_json(TRY(read_text_file(flags.schema_file, "--schema")));
    if (!schema) {
      Error e = schema.error();
      e.code = "usage.schema";
      e.message = "the schema is not JSON";
      e.where.file = flags.schema_file;
      e.next = {"mend it"};
      return fail(std::move(e));
    }
    input.schema = std::move(*schema);
  }
  for (const auto& model : flags.models) input.models.push_back(TRY(dialect::parse_target(model)));
  input.output_tokens = flags.output_tokens;
  options.skip_invalid = flags.skip_invalid;
  options.limit = flags.limit;
  return options;
}

}  // namespace twolane::app
