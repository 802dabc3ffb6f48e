// Rules that several encoders share.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/chat.h"

namespace twolane::dialect {

inline bool same_provider(Endpoint a, Endpoint b) { return dialect_of(a) == dialect_of(b); }

// OpenAI wants a file name with every file; these stand for none.
inline constexpr std::string_view default_file_name = "document.pdf",
                                  default_text_name = "document.txt";

// A function's name has to match ^[a-zA-Z0-9_-]{1,64}$ at OpenAI and Anthropic.
Status check_function_name(const std::string& name, const std::string& path, Endpoint to);
Status check_tool_name(const Tool& tool, Endpoint from, Endpoint to);
// The last message may be the assistant's only within one provider: another would answer it where
// the first goes on with it.
Status check_last_turn(const ChatRequest& request, Endpoint to);
// OpenAI's low resolution of images exists nowhere else.
Status check_detail(const Part& part, Endpoint to);
// Refuses a setting unless it says `nothing`, which is what the target does anyway.
Status check_absent(const Setting& setting, Endpoint to, const ChatJson& nothing = nullptr,
                    std::string why = {});
// Messages before the first turn; system text further down is refused where `to` has no place for
// it.
size_t leading_system(const std::vector<Message>& messages);

}  // namespace twolane::dialect
