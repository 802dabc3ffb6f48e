#include "app/usage_error.h"

namespace twolane::app {

Error usage_error(std::string flag, std::string message, std::string why, std::string next) {
  Error e;
  e.code = "usage.value";
  e.message = std::move(message);
  e.where.field = std::move(flag);
  e.why = std::move(why);
  e.next = {std::move(next)};
  return e;
}

Error no_value(const std::string& flag, const std::string& text, std::string why, std::string next) {
  return usage_error(flag, '"' + text + "\" is no value for " + flag, std::move(why), std::move(next));
}

}  // namespace twolane::app
