// Tools for decoders and encoders of bodies: members read once each, with their paths, and
// refusals.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/chat.h"
#include "wire/json.h"

namespace twolane::dialect {

using wire::Json;
using wire::object_of;

std::string joined(std::string_view path, std::string_view key);  // "a" + "b" -> "a.b"
std::string indexed_path(std::string_view path, size_t index);    // "a" + 2 -> "a[2]"

// dialect.untranslatable with where.field.
std::unexpected<Error> untranslatable(std::string path, Endpoint to, std::string why = {});
// input.field: a member that no endpoint would take.
std::unexpected<Error> malformed(std::string path, std::string_view expected);

// The members of one object. Each is taken once; a null counts as absent. What nobody took is the
// rest.
class Fields {
 public:
  // `object` may be anything: no object has no members. It must outlive the Fields.
  Fields(const Json& object, std::string path);

  struct Member {
    const Json* value = nullptr;
    std::string path;
    explicit operator bool() const { return value != nullptr; }
  };
  Member take(std::string_view key);
  Member take(std::string_view camel, std::string_view snake);
  Setting setting(std::string_view key);
  Setting setting(std::string_view camel, std::string_view snake);
  // Its text; empty when absent. Error where it is something else.
  Result<std::string> text(std::string_view key);
  Result<std::string> text(std::string_view camel, std::string_view snake);

  // Everything not taken, with `within` as given; `idle` are names without effect on the answer.
  std::vector<Native> rest(std::initializer_list<std::string_view> idle = {},
                           std::string_view within = {});
  const std::string& path() const { return path_; }

 private:
  Result<std::string> as_text(Member m);

  std::string path_;
  std::vector<std::pair<const std::string*, const Json*>> left_;
};

// Puts natives back where they were (same endpoint) or refuses those that matter.
Status put_extra(Json& object, const std::vector<Native>& extra, bool same, Endpoint to);

// Appends `from` to `to`.
void append(std::vector<Native>& to, std::vector<Native> from);

// "data:MIME;base64,DATA" taken apart; false for anything else.
bool split_data_uri(std::string_view url, std::string& mime, std::string& data);
std::string data_uri(std::string_view mime, std::string_view base64);

// Arguments of a tool call as an object; nothing where they are not one.
std::optional<Json> arguments_object(std::string_view arguments);

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> list);
double number_of(const Json& value);  // 0 where it is no number

}  // namespace twolane::dialect
