// Building the providers' calls: JSON text by appending, and URLs.
#pragma once

#include <string>
#include <string_view>

#include "wire/http.h"

namespace twolane::dialect::batch {

// Appends `text` as a JSON string, quotes included. Bytes above 127 are passed through.
void append_quoted(std::string& out, std::string_view text);
// Appends a JSON value as one line: line breaks between tokens become spaces.
void append_on_one_line(std::string& out, std::string_view json);

wire::HttpCall call(std::string method, std::string url, wire::Headers headers);
wire::HttpCall json_call(std::string method, std::string url, wire::Headers headers,
                         wire::Body body);
// What a body of that size needs at worst, beside the provider's own work.
Duration upload_timeout(int64_t bytes);

// `url` on the scheme, host and port of `base_url`, path and query kept: what a provider returns
// may name its own host although it is reached through another. Keys are never sent elsewhere.
std::string on_origin_of(std::string_view base_url, std::string_view url);

// The body with its top-level member set to the string `value`: replaced where it stands under one
// of the two spellings, otherwise put in front under the first. With `only_replace` nothing is put
// in.
std::string with_member(std::string_view body, std::string_view name, std::string_view other_name,
                        std::string_view value, bool only_replace);

}  // namespace twolane::dialect::batch
