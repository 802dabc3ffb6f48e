// One bucket at a time; what is no bucket of either provider is refused.
#include "patient/provider_export.h"

#include <algorithm>
#include <charconv>

#include "wire/json.h"

namespace twolane::patient {
namespace {

using wire::Json;

std::unexpected<Error> not_an_export(std::string why) {
  Error e;
  e.code = "export.format";
  e.message = "the file is no usage or cost report of OpenAI or Anthropic";
  e.why = std::move(why);
  e.next = {"save the answers of the provider's usage or cost API, a page a line"};
  return fail(std::move(e));
}

// Text or number, as written.
std::string text_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : wire::dump(value);
}

std::string model_of(const Json& result) {
  const Json* model = wire::find(result, "model");
  return model && model->is_string() ? model->get<std::string>() : std::string();
}

void set_tier(ExportLine& line, std::string_view name) {
  line.tiers = ExportLine::Tiers::one;
  if (name == "batch")
    line.tiers = ExportLine::Tiers::batch;
  else if (name == "flex")
    line.tier = ServiceTier::flex;
  else if (name == "priority")
    line.tier = ServiceTier::priority;
  else if (name == "scale")
    line.tier = ServiceTier::scale;
  else if (name == "default" || name == "standard")
    line.tier = ServiceTier::standard;
  else
    line.tiers = ExportLine::Tiers::any;
}

Result<ExportLine> openai_usage(const Json& result) {
  ExportLine line;
  line.has_usage = true;
  line.model = model_of(result);
  line.splits_cache = wire::find(result, "input_cached_tokens") != nullptr;
  line.usage.cache_read = wire::int_at(result, "input_cached_tokens");
  line.usage.fresh = wire::int_at(result, "input_tokens") - line.usage.cache_read;
  line.usage.output = wire::int_at(result, "output_tokens");
  line.requests = wire::int_at(result, "num_model_requests", -1);
  if (const Json* tier = wire::find(result, "service_tier"); tier && tier->is_string())
    set_tier(line, tier->get<std::string>());
  if (const Json* batch = wire::find(result, "batch"); batch && batch->is_boolean()) {
    if (batch->get<bool>())
      line.tiers = ExportLine::Tiers::batch;
    else if (line.tiers == ExportLine::Tiers::any)
      line.tiers = ExportLine::Tiers::not_batch;
  }
  return line;
}

// line_item reads "gpt-5.4-mini-2026-03-05, input" where costs were grouped by it.
Result<ExportLine> openai_cost(const Json& result) {
  const Json* amount = wire::find(result, "amount");
  const Json* value = amount ? wire::find(*amount, "value") : nullptr;
  if (!value) return not_an_export("a cost has no amount.value");
  ExportLine line;
  line.has_cost = true;
  line.cost = TRY(parse_reported_amount(text_of(*value), 0));
  const std::string item(wire::string_at(result, "line_item"));
  line.model = item.substr(0, item.find(','));
  return line;
}

Result<ExportLine> anthropic_usage(const Json& result) {
  ExportLine line;
  line.has_usage = true;
  line.model = model_of(result);
  line.usage.fresh = wire::int_at(result, "uncached_input_tokens");
  line.usage.cache_read = wire::int_at(result, "cache_read_input_tokens");
  line.usage.output = wire::int_at(result, "output_tokens");
  if (const Json* written = wire::find(result, "cache_creation")) {
    line.usage.cache_write_5m = wire::int_at(*written, "ephemeral_5m_input_tokens");
    line.usage.cache_write_1h = wire::int_at(*written, "ephemeral_1h_input_tokens");
  }
  if (const auto tier = wire::string_at(result, "service_tier"); !tier.empty())
    set_tier(line, tier);
  return line;
}

Result<ExportLine> anthropic_cost(const Json& result) {
  const Json* amount = wire::find(result, "amount");
  if (!amount) return not_an_export("a cost has no amount");
  ExportLine line;
  line.has_cost = true;
  line.cost = TRY(parse_reported_amount(text_of(*amount), 2));
  line.model = model_of(result);
  if (const auto tier = wire::string_at(result, "service_tier"); !tier.empty())
    set_tier(line, tier);
  return line;
}

Result<Time> anthropic_time(const Json& bucket, std::string_view member) {
  auto time = parse_rfc3339(wire::string_at(bucket, member));
  if (!time) return not_an_export("a bucket's " + std::string(member) + " is no time");
  return *time;
}

class Reader {
 public:
  Status page(const Json& page) {
    if (page.is_array()) {
      for (const Json& one : page) CHECKED(this->page(one));
      return {};
    }
    if (!page.is_object()) return not_an_export("a line is no object");
    if (wire::find(page, "results") || wire::find(page, "result")) return bucket(page);
    const Json* data = wire::find(page, "data");
    if (!data || !data->is_array()) return not_an_export("a page has no data");
    for (const Json& one : *data) CHECKED(bucket(one));
    const Json* more = wire::find(page, "has_more");
    out_.more = more && more->is_boolean() && more->get<bool>();
    return {};
  }

  ProviderExport take() { return std::move(out_); }

 private:
  Status bucket(const Json& bucket) {
    const bool anthropic = wire::find(bucket, "starting_at") != nullptr;
    const std::string_view provider = anthropic ? "anthropic" : "openai";
    if (!out_.provider.empty() && out_.provider != provider)
      return fail("export.mixed", "the file holds reports of two providers",
                  "their tokens and amounts are counted in different ways");
    out_.provider = provider;
    ExportLine frame;
    if (anthropic) {
      frame.begin = TRY(anthropic_time(bucket, "starting_at"));
      frame.end = TRY(anthropic_time(bucket, "ending_at"));
    } else {
      frame.begin = {wire::int_at(bucket, "start_time", -1) * 1000};
      frame.end = {wire::int_at(bucket, "end_time", -1) * 1000};
      if (frame.begin.ms < 0 || frame.end.ms < 0)
        return not_an_export("a bucket has no start_time and end_time");
    }
    const Json* results = wire::find(bucket, "results");
    if (!results) results = wire::find(bucket, "result");  // as one generated example spells it
    if (!results || !results->is_array()) return not_an_export("a bucket has no results");
    for (const Json& result : *results) CHECKED(line(result, anthropic, frame));
    return {};
  }

  Status line(const Json& result, bool anthropic, const ExportLine& frame) {
    const bool cost = wire::find(result, "amount") != nullptr;
    ExportLine line = TRY(anthropic ? (cost ? anthropic_cost(result) : anthropic_usage(result))
                                    : (cost ? openai_cost(result) : openai_usage(result)));
    line.begin = frame.begin;
    line.end = frame.end;
    out_.lines.push_back(std::move(line));
    return {};
  }

  ProviderExport out_;
};

}  // namespace

bool ExportLine::covers(ServiceTier served) const {
  switch (tiers) {
    case Tiers::any:
      return true;
    case Tiers::batch:
      return served == ServiceTier::batch;
    case Tiers::not_batch:
      return served != ServiceTier::batch;
    case Tiers::one:
      break;
  }
  return served == tier;
}

Result<PicoUsd> parse_reported_amount(std::string_view text, int unit_decimals) {
  const auto wrong = [&] {
    return fail("money.syntax", '"' + std::string(text) + "\" is no amount");
  };
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  if (negative) rest.remove_prefix(1);
  int exponent = -unit_decimals;
  if (const size_t e = rest.find_first_of("eE"); e != rest.npos) {
    std::string_view power = rest.substr(e + 1);
    if (power.starts_with('+')) power.remove_prefix(1);
    int shift = 0;
    const auto [end, ec] = std::from_chars(power.data(), power.data() + power.size(), shift);
    if (ec != std::errc{} || end != power.data() + power.size() || shift < -40 || shift > 20)
      return wrong();
    exponent += shift;
    rest = rest.substr(0, e);
  }
  std::string digits;
  int decimals = 0;
  bool point = false;
  for (const char c : rest) {
    if (c == '.' && !point) {
      point = true;
    } else if (c >= '0' && c <= '9') {
      digits += c;
      decimals += point;
    } else {
      return wrong();
    }
  }
  if (digits.empty()) return wrong();
  int places = exponent - decimals + 12;  // of the last digit, in PicoUsd
  if (digits.size() + static_cast<size_t>(std::max(places, 0)) > 36) return wrong();
  __int128 n = 0;
  for (const char c : digits) n = n * 10 + (c - '0');
  for (; places > 0; --places) n *= 10;
  __int128 unit = 1;
  for (; places < 0 && unit <= n * 10; ++places) unit *= 10;
  if (places < 0) n = 0, unit = 1;  // far below half a PicoUsd
  const __int128 whole = n / unit, left = n % unit * 2;
  const __int128 rounded = whole + (left > unit || (left == unit && whole % 2 == 1));
  return PicoUsd{negative ? -rounded : rounded};
}

Result<ProviderExport> read_provider_export(std::string_view text) {
  Reader reader;
  if (const auto whole = wire::parse_json(text)) {
    CHECKED(reader.page(*whole));
    return reader.take();
  }
  int64_t number = 0;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    ++number;
    if (line.find_first_not_of(" \t\r") == line.npos) continue;
    const auto page = wire::parse_json(line);
    Status read = page ? reader.page(*page) : Status(not_an_export("a line is not JSON"));
    if (read) continue;
    Error e = read.error();
    e.where.line = number;
    return fail(std::move(e));
  }
  return reader.take();
}

}  // namespace twolane::patient
