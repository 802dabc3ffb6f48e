#include "patient/results_found.h"

#include "wire/json.h"

namespace twolane::patient {

std::string to_json(const ResultsFound& found) {
  wire::Json outputs = wire::Json::array();
  for (const dialect::Output& o : found.outputs)
    outputs.push_back({{"kind", static_cast<int>(o.kind)}, {"where", o.where}});
  return wire::dump({{"outputs", outputs}, {"expired", found.expired}, {"cancelled", found.cancelled}});
}

ResultsFound results_found_from_json(std::string_view text) {
  ResultsFound found;
  auto json = wire::parse_json(text);
  if (!json) return found;
  auto flag = [&](const char* name) {
    const wire::Json* value = wire::find(*json, name);
    return value != nullptr && value->is_boolean() && value->get<bool>();
  };
  found.expired = flag("expired");
  found.cancelled = flag("cancelled");
  if (const wire::Json* outputs = wire::find(*json, "outputs"); outputs != nullptr && outputs->is_array())
    for (const auto& o : *outputs)
      found.outputs.push_back({static_cast<dialect::Output::Kind>(wire::int_at(o, "kind")),
                               std::string(wire::string_at(o, "where"))});
  return found;
}

}  // namespace twolane::patient
