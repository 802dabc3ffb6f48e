// Models of a key against models of a file.
#include "gateway/allowed_models.h"

#include "dialect/catalogue.h"
#include "model/model_name.h"
#include "patient/input_records.h"

namespace twolane::gateway {
namespace {

constexpr int64_t longest_record = 64ll << 20;  // bytes; longer ones are refused by the intake

std::unexpected<Error> not_allowed(std::string_view model, int64_t line) {
  Error e;
  e.code = "gateway.model_not_allowed";
  e.message = "this key may not use the model '" + std::string(model.substr(0, 100)) + "'";
  e.where.line = line;
  e.where.field = "model";
  return fail(std::move(e));
}

}  // namespace

bool may_use(const Key& key, std::string_view model) {
  if (key.allows(model_key(model))) return true;
  const auto target = dialect::parse_target(model);
  return target && key.allows(model_key(target->model));
}

Status check_models(const Key& key, const std::string& path, const patient::InputOptions& options) {
  if (key.rules.models.empty()) return {};
  if (!options.models.empty()) {  // named beside the file
    for (const Target& target : options.models)
      if (!may_use(key, target.model)) return not_allowed(target.model, 0);
    return {};
  }
  const auto pump = TRY(patient::InputPump::open(path, ""));
  patient::InputBlocks blocks(*pump);
  const auto records = patient::record_reader(options.format, blocks, longest_record);
  std::string good;  // the model that was last found to be allowed
  for (int64_t index = 0;; ++index) {
    const auto record = TRY(records->next());
    if (!record || record->fault) return {};
    if (record->too_long) continue;
    const auto request = patient::request_text(options, record->text, index);
    if (!request || request->model == good) continue;
    if (!may_use(key, request->model)) return not_allowed(request->model, record->line);
    good = request->model;
  }
}

}  // namespace twolane::gateway
