// Gemini's explicit caches: a prompt's head is put into a content that batches then name.
//
// Pure: calls are built and replies are read here, sent elsewhere. From the contract: a content cannot
// be changed but for its expiry; a request that names one must be for its model and must not set
// systemInstruction, tools or toolConfig again; a content that is gone, or another account's, is
// answered with 403 alike. Our token lies in displayName.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "dialect/batch_api.h"

namespace twolane::dialect {

// A generateContent body in two: what a content can hold, and the rest.
struct SplitHead {
  std::string head;  // {"systemInstruction","tools"} as JSON text, the same for the same values
  std::string rest;  // without them
};
// Nothing where there is no head, or where the request cannot name a content: it sets toolConfig or
// names one of its own. Error wire.json.
Result<std::optional<SplitHead>> split_head(std::string_view body);
// A rest that names the content.
std::string naming_content(std::string_view rest, std::string_view name);

struct ContentSeen {
  std::string name;
  std::string token;  // ours, or empty
  int64_t tokens = 0;
  Time created, expires;
};
struct ContentsListed {
  std::vector<ContentSeen> contents;
  std::string next;  // cursor of the next page, empty at the end
};

wire::HttpCall create_content_call(const Access&, std::string_view model, std::string_view token,
                                   std::string_view head, Duration ttl);
wire::HttpCall get_content_call(const Access&, std::string_view name);
wire::HttpCall end_content_call(const Access&, std::string_view name, Time at);  // moves the expiry
wire::HttpCall delete_content_call(const Access&, std::string_view name);
wire::HttpCall list_contents_call(const Access&, std::string_view cursor);

// The content that a 2xx reply shows. Error provider.reply: unreadable, it may exist all the same.
Result<ContentSeen> read_content(const wire::HttpReply&);
Result<ContentsListed> read_contents(const wire::HttpReply&);

// Whether a refusal says that the content it was asked for is not there (any more).
bool says_content_gone(const Refusal& refusal);

}  // namespace twolane::dialect
