// --columns time=...,model=...,input=...
#include "audit/columns.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "audit/values.h"

namespace twolane::audit {
namespace {

struct Named {
  std::string_view name;
  Slot slot;
  // What such columns are often called, in lower case without '_': for suggestions.
  std::array<std::string_view, 5> often = {};
};

constexpr std::array columns = {
    Named{"time", Slot::start, {"timestamp", "time", "createdat", "starttime", "ts"}},
    Named{"end", Slot::end, {"endtime", "endedat", "finishedat"}},
    Named{"latency", Slot::latency, {"latencyms", "durationms", "latency", "duration", "elapsedms"}},
    Named{"first_token", Slot::first_token, {"ttft", "ttftms", "timetofirsttoken", "timetofirsttokenms"}},
    Named{"model", Slot::model, {"model", "modelname", "modelid"}},
    Named{"provider", Slot::provider, {"provider", "vendor"}},
    Named{"input", Slot::input, {"inputtokens", "prompttokens", "tokensin", "input", "tokensprompt"}},
    Named{"output", Slot::output, {"outputtokens", "completiontokens", "tokensout", "output", "tokenscompletion"}},
    Named{"cached", Slot::cache_read, {"cachedtokens", "cachereadinputtokens", "cachedinputtokens", "tokenscached"}},
    Named{"cache_write", Slot::cache_write, {"cachecreationinputtokens", "cachewritetokens"}},
    Named{"reasoning", Slot::reasoning, {"reasoningtokens"}},
    Named{"total", Slot::total, {"totaltokens", "tokens"}},
    Named{"cost", Slot::cost, {"cost", "costusd", "spend", "price"}},
    Named{"key", Slot::key, {"apikey", "key", "keyname", "apikeyid"}},
    Named{"user", Slot::user, {"user", "userid", "enduser", "username"}},
    Named{"team", Slot::team, {"team", "project", "teamid", "projectid"}},
    Named{"route", Slot::route, {"route", "app", "application", "service", "job"}},
    Named{"session", Slot::session, {"session", "sessionid", "conversationid"}},
    Named{"trace", Slot::trace, {"trace", "traceid"}},
    Named{"id", Slot::request_id, {"requestid", "id"}},
    Named{"endpoint", Slot::operation, {"endpoint", "path", "url", "operation"}},
    Named{"stream", Slot::streaming, {"stream", "streaming", "streamed", "isstream"}},
    Named{"status", Slot::status, {"status", "statuscode", "httpstatus"}},
    Named{"tier", Slot::tier, {"servicetier", "tier"}},
    Named{"user_agent", Slot::user_agent, {"useragent"}},
    Named{"prompt", Slot::request_body, {"request", "prompt", "requestbody", "messages"}},
    Named{"answer", Slot::response_body, {"response", "answer", "completion", "responsebody"}},
};

Error fault(std::string what, std::string why) {
  Error e;
  e.code = "audit.columns";
  e.message = std::move(what);
  e.where.field = "--columns";
  e.why = std::move(why);
  e.next = {"--columns time=ts,model=model,input=prompt_tokens,output=completion_tokens"};
  return e;
}

std::string known_names() {
  std::string all;
  for (const auto& c : columns) all.append(all.empty() ? "" : ", ").append(c.name);
  return all;
}

struct Unit_ {
  std::string_view name;
  Unit unit;
};
constexpr std::array units = {Unit_{"s", Unit::seconds}, Unit_{"ms", Unit::milliseconds},
                              Unit_{"us", Unit::microseconds}, Unit_{"cents", Unit::cents}};

std::string plain(std::string_view name) {
  std::string out;
  for (const char c : name)
    if (c != '_' && c != '-' && c != ' ' && c != '.') out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

}  // namespace

std::span<const std::string_view> column_names() {
  static const auto names = [] {
    std::array<std::string_view, columns.size()> all;
    std::transform(columns.begin(), columns.end(), all.begin(), [](const Named& c) { return c.name; });
    return all;
  }();
  return names;
}

Result<std::shared_ptr<const Columns>> parse_columns(std::string_view text) {
  struct Pair {
    Slot slot;
    Unit unit;
    std::string column;
  };
  std::vector<Pair> pairs;
  Duration zone;
  Cached cached = Cached::inside;
  while (!text.empty()) {
    const size_t comma = text.find(',');
    const std::string_view part = text.substr(0, comma);
    text.remove_prefix(comma == text.npos ? text.size() : comma + 1);
    const size_t equals = part.find('=');
    if (equals == part.npos || equals == 0 || equals + 1 == part.size())
      return fail(fault('"' + std::string(part) + "\" is not NAME=COLUMN", "each part says which column holds what"));
    std::string_view name = part.substr(0, equals), column = part.substr(equals + 1);
    if (name == "zone") {
      const auto shifted = read_time("2000-01-01 00:00:00 " + std::string(column));
      if (!shifted) return fail(fault('"' + std::string(column) + "\" is no zone", "a zone is written +01:00 or Z"));
      zone = to_time(Civil{2000, 1, 1}) - *shifted;
      continue;
    }
    if (name == "cached_tokens" && (column == "beside" || column == "inside")) {
      cached = column == "beside" ? Cached::beside : Cached::inside;
      continue;
    }
    const auto known = std::find_if(columns.begin(), columns.end(), [&](const Named& c) { return c.name == name; });
    if (known == columns.end())
      return fail(fault('"' + std::string(name) + "\" is nothing that a column can hold",
                        "it is one of " + known_names() + "; zone=+01:00 is that of times without one, "
                        "cached_tokens=beside where the input is without them"));
    Pair pair{known->slot, known->slot == Slot::latency || known->slot == Slot::first_token ? Unit::milliseconds : Unit::none, {}};
    if (const size_t colon = column.rfind(':'); colon != column.npos)
      for (const auto& u : units)
        if (column.substr(colon + 1) == u.name) {
          pair.unit = u.unit;
          column = column.substr(0, colon);
          break;
        }
    pair.column = column;
    pairs.push_back(std::move(pair));
  }
  if (pairs.empty()) return fail(fault("no column is named", "at least time, model, input and output are needed"));
  std::vector<Field> fields;
  for (const auto& p : pairs) fields.push_back({p.column, p.slot, p.unit});
  auto made = std::make_shared<Columns>(fields);
  for (const auto& p : pairs) made->wanted.push_back(p.column.substr(0, p.column.find('/')));
  made->zone = zone;
  made->cached = cached;
  return std::shared_ptr<const Columns>(std::move(made));
}

std::string suggested_columns(std::span<const std::string_view> names) {
  std::string out;
  for (const auto& c : columns) {
    const auto match = std::find_if(names.begin(), names.end(), [&](std::string_view name) {
      const auto p = plain(name);
      return !p.empty() && std::find(c.often.begin(), c.often.end(), p) != c.often.end();
    });
    if (match != names.end()) out.append(out.empty() ? "" : ",").append(c.name).append("=").append(*match);
  }
  return out;
}

}  // namespace twolane::audit
