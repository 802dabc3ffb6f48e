#include "patient/trouble.h"

#include "dialect/catalogue.h"
#include "price/price.h"
#include "wire/json.h"

namespace twolane::patient {

std::string trouble_to_json(const Error& e) {
  wire::Json j;
  j["code"] = e.code;
  j["message"] = e.message;
  j["why"] = e.why;
  j["provider"] = e.where.provider;
  j["note"] = e.where.note;
  j["next"] = e.next;
  j["retryable"] = e.retryable;
  return wire::dump(j);
}

std::optional<Error> trouble_from_json(std::string_view text) {
  if (text.empty()) return std::nullopt;
  auto j = wire::parse_json(text);
  if (!j) return std::nullopt;
  Error e;
  e.code = wire::string_at(*j, "code");
  e.message = wire::string_at(*j, "message");
  e.why = wire::string_at(*j, "why");
  e.where.provider = wire::string_at(*j, "provider");
  e.where.note = wire::string_at(*j, "note");
  if (const wire::Json* next = wire::find(*j, "next"); next != nullptr && next->is_array())
    for (const auto& step : *next)
      if (step.is_string()) e.next.push_back(step.get<std::string>());
  const wire::Json* retryable = wire::find(*j, "retryable");
  e.retryable = retryable != nullptr && retryable->is_boolean() && retryable->get<bool>();
  return e;
}

std::string target_fact(JobId job, int32_t shape) {
  return "target." + job.hex() + "." + std::to_string(shape);
}

std::string clock_fact(std::string_view world) { return "clock " + std::string(world); }

std::optional<ServiceTier> probe_tier(const Job& job, const Target& target) {
  const ServiceTier tier = job.kept ? ServiceTier::standard : ServiceTier::flex;
  if (!price::rates(target, tier, 0)) return std::nullopt;
  return tier;
}

Error trouble_of(std::string_view provider, const dialect::Refusal& refusal) {
  const std::string name(provider);
  Error e;
  e.where.provider = name;
  e.where.note = refusal.code;
  e.why = refusal.message;
  if (refusal.verdict == dialect::Verdict::no_credit) {
    e.code = "money.no_credit";
    e.message = name + " takes no new work, credit is used up";
    e.next = {"top up; tried again every 10 min"};
    e.retryable = true;
  } else {
    e.code = "provider.account";
    e.message = "this key is refused by " + name;
    e.next = {"restore the key that submitted the work, run again. Nothing was bought twice."};
  }
  return e;
}

Error no_key(std::string_view provider) {
  Error e;
  e.code = "provider.no_key";
  e.message = "no API key for " + std::string(provider);
  e.where.provider = provider;
  if (const dialect::ProviderEntry* entry = dialect::find_provider(provider)) {
    e.why = std::string(entry->key_env) + " and key_file are both unset";
    e.next = {"export " + std::string(entry->key_env) + ", or rehearse with --sim"};
  }
  return e;
}

}  // namespace twolane::patient
