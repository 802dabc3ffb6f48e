// What a log writes as text or number, as values: times, spans, amounts, counts, truth.
//
// Pure functions; nothing where the text is not such a value. Source of each form:
// ../shared/contracts/log_formats.md, section 2.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/money.h"
#include "base/time.h"
#include "model/endpoint.h"

namespace twolane::audit {

// "2025-01-24 09:20:46.847371", "2025-01-24T09:20:46Z", "2025-01-24T10:20:46.8+01:00", a date alone; any
// number of decimals (cut to milliseconds). Without a zone it is UTC less `zone`. A number counts from
// 1970, in seconds, milliseconds, microseconds or nanoseconds by its size.
std::optional<Time> read_time(std::string_view text, Duration zone = {});

// A decimal number, exponents included, times `scale` as an integer, half to even: read_scaled("1.5", 1000)
// is 1500. For times and spans.
std::optional<int64_t> read_scaled(std::string_view text, int64_t scale);

// An amount: "0.00022500000000000002", "2.25e-05". Beyond the 12 decimals of PicoUsd it is rounded half to
// even. `cents`: of a hundredth of a dollar.
std::optional<PicoUsd> read_amount(std::string_view text, bool cents);

// A whole number that is not negative: "1200", "1200.0", "1.2e3".
std::optional<int64_t> read_count(std::string_view text);

// "true", "True", "TRUE", "1", "yes", "Streaming"; "false", "0", "None", "Non-Streaming", ...
std::optional<bool> read_truth(std::string_view text);

// "batch", "flex", "priority", "default", "standard", "on_demand", "auto", ...
std::optional<ServiceTier> read_tier(std::string_view text);

// From the names of calls and the paths of urls: "acompletion", "/v1/messages", "embeddings".
std::optional<Endpoint> read_endpoint(std::string_view text);

}  // namespace twolane::audit
