// GET /twolane/v1/findings[?whole=1]: which of the traffic that passes could have waited. A key sees its own.
#include "gateway/findings.h"
#include "gateway/keeper.h"

namespace twolane::gateway {

wire::HttpReply findings_object(Keeper& keeper, Ask& ask) {
  if (ask.method != "GET") return no_such(ask, "There is nothing here.");
  std::optional<std::string_view> key;
  if (ask.key) key = ask.owner();
  return json_reply(keeper.told_findings(key, !asked(ask.door.query, "whole").empty()));
}

}  // namespace twolane::gateway
