// Jobs at a running `twolane serve`.
#include "app/server_jobs.h"

#include <cstdlib>
#include <optional>

namespace twolane::app {
namespace {

constexpr std::string_view root = "/twolane/v1/jobs";

Error no_url(const std::string& url, std::string why) {
  Error e;
  e.code = "usage.server";
  e.message = "\"" + url + "\" is no address of a server";
  e.where.field = "--server";
  e.why = std::move(why);
  e.next = {"--server http://127.0.0.1:8080"};
  return e;
}

Error unreachable(const std::string& url, std::string why) {
  Error e;
  e.code = "server.unreachable";
  e.message = "no server answers at " + url;
  e.where.field = "--server";
  e.why = std::move(why);
  e.next = {"start it: twolane serve", "without --server and TWOLANE_SERVER the home of this machine is meant"};
  e.retryable = true;
  return e;
}

Error wants_key(const std::string& url, bool sent) {
  Error e;
  e.code = "server.key";
  e.message = sent ? "the server does not know this key" : "the server wants a key";
  e.where.field = sent ? "TWOLANE_KEY" : "--server " + url;
  e.why = sent ? "it was revoked, or belongs to another server" : "TWOLANE_KEY is not set";
  e.next = {"export TWOLANE_KEY=tl-...", "twolane keys create NAME makes one, where the server runs"};
  return e;
}

Error something_else(const std::string& url, int status) {
  Error e;
  e.code = "server.other";
  e.message = url + " is not twolane serve, or another version of it";
  e.where.field = "--server";
  e.why = "it answered with status " + std::to_string(status) + " and no word of jobs";
  e.next = {"name the address that twolane serve prints at its start"};
  return e;
}

}  // namespace

Result<std::unique_ptr<ServerJobs>> ServerJobs::open(const std::string& url) {
  std::string base = url;
  while (base.ends_with('/')) base.pop_back();
  if (base.ends_with("/v1")) base.resize(base.size() - 3);  // as SDKs are given it
  if (const auto parsed = wire::parse_url(base); !parsed)
    return fail(no_url(url, "it begins with http:// or https://, and names a host"));
  std::unique_ptr<ServerJobs> jobs(new ServerJobs(std::move(base)));
  if (const char* key = std::getenv("TWOLANE_KEY")) jobs->key_ = key;
  if (jobs->key_.find_first_of("\r\n") != std::string::npos) return fail(wants_key(jobs->url_, true));
  jobs->world_ = std::make_unique<net::LoopWorld>();
  return jobs;
}

Result<wire::HttpReply> ServerJobs::send(wire::HttpCall call) {
  if (!key_.empty()) call.headers.emplace_back("authorization", "Bearer " + key_);
  std::optional<wire::HttpResult> heard;
  world_->call(std::move(call), [&heard](wire::HttpResult result) { heard = std::move(result); });
  world_->run_until([&heard] { return heard.has_value(); });
  if (const auto* failure = heard->failure()) return fail(unreachable(url_, failure->message));
  const wire::HttpReply& reply = *heard->reply();
  if (reply.status >= 200 && reply.status < 300) return reply;
  return fail(refused(reply));
}

Error ServerJobs::refused(const wire::HttpReply& reply) const {
  if (reply.status == 401) return wants_key(url_, !key_.empty());
  const auto text = reply.body.text();
  const auto json = text ? wire::parse_json(*text) : Result<wire::Json>(wire::Json());
  auto told = json ? gateway::error_from_json(*json) : std::nullopt;
  if (!told || told->code.empty()) {
    if (!told || reply.status < 500) return something_else(url_, reply.status);
    told->code = "server.failed";
    told->next = {"look at what the server wrote to stderr", "ask again"};
  }
  return *told;
}

Result<wire::Json> ServerJobs::json_of(wire::HttpCall call) {
  const auto reply = TRY(send(std::move(call)));
  auto json = wire::parse_json(TRY(reply.body.text()));
  if (!json) return fail(something_else(url_, reply.status));
  return std::move(*json);
}

Result<wire::Json> ServerJobs::get(const std::string& path) {
  wire::HttpCall call;
  call.url = url_ + std::string(root) + path;
  return json_of(std::move(call));
}

Result<std::vector<JobView>> ServerJobs::jobs() {
  std::vector<JobView> views;
  for (bool more = true; more;) {
    const auto page = TRY(get("?limit=1000" + (views.empty() ? "" : "&after=" + views.back().job.id.hex())));
    const auto* data = wire::find(page, "data");
    const auto* has_more = wire::find(page, "has_more");
    if (!data || !data->is_array()) return fail(something_else(url_, 200));
    for (const auto& one : *data) views.push_back(TRY(gateway::view_from_json(one)));
    more = has_more && *has_more == true && !data->empty();
  }
  return views;
}

Result<JobView> ServerJobs::show(const std::string& name) {
  return gateway::view_from_json(TRY(get("/" + wire::percent_encoded(name))));
}

Status ServerJobs::results(const Job& job, const std::function<Status(std::string_view)>& write) {
  wire::HttpCall call;
  call.url = url_ + std::string(root) + '/' + job.id.hex() + "/results";
  Status written;
  call.sink = [&](std::string_view piece) { return written = write(piece); };
  const auto reply = send(std::move(call));
  if (!written) return written;
  if (!reply) return fail(reply.error());
  return {};
}

Result<JobView> ServerJobs::ask(const std::string& verb, const std::string& name, const std::string& argument,
                                const wire::Json& body) {
  wire::HttpCall call;
  call.method = "POST";
  call.url = url_ + std::string(root) + '/' + wire::percent_encoded(name) + '/' + verb;
  if (!argument.empty()) call.url += '?' + argument;
  if (!body.is_null()) {
    call.headers.emplace_back("content-type", "application/json");
    call.body = wire::Body(wire::dump(body));
  }
  return gateway::view_from_json(TRY(json_of(std::move(call))));
}

}  // namespace twolane::app
