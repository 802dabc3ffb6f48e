#include "patient/input_suits.h"

#include <optional>

#include "dialect/catalogue.h"
#include "patient/input_format.h"
#include "patient/row_request.h"
#include "price/price.h"

namespace twolane::patient {
namespace {

// Names one model of each provider, the cheapest in a batch; `twolane price` lists them all.
Error no_model() {
  Error e = input_error("input.model", "rows name no model", "nobody can be asked without one", "");
  e.next.clear();
  for (const auto& provider : dialect::providers()) {
    std::optional<PicoUsd> least;
    std::string_view cheapest;
    for (const auto& m : dialect::models()) {
      if (m.provider != provider.name || m.operation != Operation::chat) continue;
      const Target target{std::string(m.provider), std::string(m.name)};
      const auto price = price::bound(target, ServiceTier::batch, 1000, 100);
      if (price && (!least || *price < *least)) least = *price, cheapest = m.name;
    }
    if (least)
      e.next.push_back("--model " + std::string(provider.name) + "/" + std::string(cheapest));
  }
  e.next.push_back("twolane price lists the others");
  return e;
}

}  // namespace

Error input_error(std::string code, std::string message, std::string why, std::string next) {
  Error e;
  e.code = std::move(code);
  e.message = std::move(message);
  e.why = std::move(why);
  e.next = {std::move(next)};
  return e;
}

Status suits_format(const InputOptions& in) {
  if (!is_rows(in.format)) {
    if (in.prompt.empty() && in.system.empty() && in.schema.is_null()) return {};
    return fail(input_error(
        "input.format", "the input is " + std::string(spoken(in.format)) + ", not rows",
        "its lines bring their own prompts: --prompt, --system and --schema are for rows",
        "leave those out, or give it CSV or JSON rows"));
  }
  if (in.prompt.empty()) {
    std::string columns;
    for (const auto& c : in.columns)
      columns += (columns.empty() ? "{" : ", {") + c.substr(0, 64) + "}";
    return fail(input_error(
        "input.format", "the input is rows, and rows need a prompt",
        columns.empty() ? "a row is no request yet" : "a row is no request yet; it has " + columns,
        "--prompt '... " +
            (in.columns.empty() ? "{column}" : "{" + in.columns.back().substr(0, 64) + "}") + "'"));
  }
  if (in.models.empty()) return fail(no_model());
  Status templates = check_templates(in);
  if (templates) return templates;
  Error e = templates.error();
  if (in.format == InputFormat::csv_rows && e.where.note.starts_with("has ")) e.where.line = 1;
  return fail(std::move(e));
}

}  // namespace twolane::patient
