// The public traces whose records need more than a table of fields: Mooncake and RAGPulse name the pieces
// of each prompt, ServeGen counts requests.
//
// Pure. Sources: ../shared/data/README.md and the traces' own descriptions.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "audit/call.h"
#include "audit/draft.h"
#include "audit/json.h"
#include "audit/reader.h"

namespace twolane::audit {

inline constexpr int32_t mooncake_block = 512;  // tokens; the last one of a prompt is shorter

// "hash_ids" of a Mooncake record. An id names its block together with all before it.
FieldFault read_mooncake_ids(ondemand::value& value, std::vector<uint64_t>& ids);
void put_mooncake_blocks(std::span<const uint64_t> ids, int64_t input, std::vector<PrefixBlock>& blocks);

// "hash_ids" of a RAGPulse record, in the order in which they form the prompt. False, without blocks, where
// a length is unknown.
FieldFault read_ragpulse_ids(ondemand::value& value, const Lengths& lengths, std::vector<PrefixBlock>& blocks);

// One row {"..._id": n, "token_length": n}.
FieldFault read_length(ondemand::object object, Lengths& lengths);

// A window of ServeGen: requests of one client in ten minutes from start_s.
FieldFault read_servegen(std::string_view client, std::string_view start_s, std::string_view rate, Bucket& bucket);

}  // namespace twolane::audit
