// Patient requests at synchronous doors and their tickets, as the keeper answers for them.
#include "gateway/keeper.h"
#include "gateway/tickets.h"
#include "net/event_loop.h"

namespace twolane::gateway {
namespace {

using wire::HttpReply;
using wire::Json;

std::string_view state_of(Tickets& tickets, const Ticket& t) {
  if (t.cancelled) return "cancelled";
  const auto answer = tickets.answer(t);
  if (!answer) return t.group.empty() ? "queued" : "in_progress";
  return answer->status < 400 ? "completed" : "failed";
}

Json ticket_json(Tickets& tickets, const Ticket& t) {
  const auto status = state_of(tickets, t);
  Json out = {{"id", t.id},
              {"object", "twolane.ticket"},
              {"status", status},
              {"model", t.model},
              {"created_at", rfc3339(t.created)},
              {"deadline", rfc3339(t.deadline)},
              {"kept", t.kept},
              {"result", nullptr}};
  if (status == "completed" || status == "failed") out["result"] = "/twolane/v1/tickets/" + t.id + "/result";
  return out;
}

HttpReply accepted(Tickets& tickets, const Ticket& t) {
  HttpReply reply = json_reply(ticket_json(tickets, t));
  reply.status = 202;
  reply.headers.emplace_back("location", "/twolane/v1/tickets/" + t.id);
  reply.headers.emplace_back("preference-applied", "respond-async");
  reply.headers.emplace_back("retry-after", "30");
  return reply;
}

HttpReply answer_reply(const TicketAnswer& answer, const Ticket& t) {
  HttpReply reply{answer.status, {{"content-type", "application/json"}}, wire::Body(answer.body)};
  reply.headers.emplace_back("twolane-ticket", t.id);
  reply.headers.emplace_back("twolane-lane", "patient");
  return reply;
}

// A response of /v1/responses that is still to come.
Json pending_response(Tickets& tickets, const Ticket& t) {
  return {{"id", "resp_" + t.id},
          {"object", "response"},
          {"created_at", t.created.unix_seconds()},
          {"status", state_of(tickets, t)},
          {"background", true},
          {"error", nullptr},
          {"incomplete_details", nullptr},
          {"instructions", nullptr},
          {"model", t.model},
          {"output", Json::array()},
          {"parallel_tool_calls", true},
          {"tool_choice", "auto"},
          {"tools", Json::array()},
          {"usage", nullptr},
          {"metadata", Json::object()}};
}

HttpReply response_reply(Tickets& tickets, Ticket& t) {
  const auto answer = tickets.answer(t);
  if (!answer || t.cancelled) return json_reply(pending_response(tickets, t));
  if (answer->status >= 400) {
    Json out = pending_response(tickets, t);
    out["status"] = "failed";
    const auto body = wire::parse_json(answer->body);
    const Json* error = body ? wire::find(*body, "error") : nullptr;
    out["error"] = {{"code", "server_error"}, {"message", error ? wire::string_at(*error, "message") : ""}};
    return json_reply(out);
  }
  auto body = wire::parse_json(answer->body);
  if (!body) return {200, {{"content-type", "application/json"}}, wire::Body(answer->body)};
  (*body)["id"] = "resp_" + t.id;
  (*body)["background"] = true;
  return json_reply(*body);
}

}  // namespace

void Keeper::take_ticket(std::shared_ptr<TicketAsk> ask, std::function<void(wire::HttpReply)> then) {
  world_->loop().post([this, ask = std::move(ask), then = std::move(then)] {
    Ticket wanted = std::move(ask->ticket);
    wanted.created = now();
    wanted.deadline = wanted.created + ask->window;
    auto taken = tickets_->take(std::move(wanted));
    if (!taken) {
      Ask about;
      about.id = ask->id;
      about.door.dialect = ask->door;
      return then(defect(about, taken.error()));
    }
    Ticket& ticket = **taken;
    ask->id = ticket.id;
    if (ask->background && !ask->begun) return then(response_reply(*tickets_, ticket));
    if (ask->begun) ask->begun(json_reply(pending_response(*tickets_, ticket)));
    const bool at_once = ask->respond_async && !ask->wait;
    if (at_once && !tickets_->answer(ticket)) return then(accepted(*tickets_, ticket));
    tickets_->wait(ticket, [this, then, in_background = ask->background](const Ticket& t) {
      Ticket& told = *tickets_->find(t.owner, t.id);
      then(in_background ? response_reply(*tickets_, told) : answer_reply(*tickets_->answer(t), t));
      tickets_->delivered(told);
    });
    if (!ask->respond_async || !ask->wait) return;
    // Real time: it is the client's patience.
    const auto pause = static_cast<int64_t>(static_cast<double>(ask->wait->ms) * settings_.speed);
    world_->at(now() + milliseconds(pause), [this, owner = ticket.owner, id = ticket.id, then] {
      Ticket* t = tickets_->find(owner, id);
      if (!t || !t->then) return;
      t->then = nullptr;
      then(accepted(*tickets_, *t));
    });
  });
}

void Keeper::ticket_left(std::shared_ptr<TicketAsk> ask) {
  world_->loop().post([this, ask] { tickets_->left(ask->id); });
}

HttpReply ticket_objects(Keeper& keeper, Ask& ask, std::string_view rest) {
  const size_t slash = std::min(rest.find('/'), rest.size());
  const std::string_view verb = rest.substr(slash);
  Ticket* t = keeper.tickets().find(ask.owner(), rest.substr(0, slash));
  if (!t) return no_such(ask, "There is no such ticket.");
  if (verb == "/result" && ask.method == "GET") {
    const auto answer = keeper.tickets().answer(*t);
    if (!answer) return accepted(keeper.tickets(), *t);
    keeper.tickets().delivered(*t);
    return answer_reply(*answer, *t);
  }
  if (ask.method == "POST" && (verb == "/cancel" || verb == "/promote" || verb == "/deadline")) {
    const Status done = keeper.tickets().obey(*t, std::string(verb.substr(1)),
                                              wire::percent_decoded(asked(ask.door.query, "by")));
    if (!done) return refuse(Dialect::openai, Refusal(400, done.error().message), ask.id);
  } else if (!verb.empty() || ask.method != "GET") {
    return no_such(ask, "There is nothing here.");
  }
  return json_reply(ticket_json(keeper.tickets(), *t));
}

// GET, cancel and delete of background responses.
HttpReply response_objects(Keeper& keeper, Ask& ask) {
  std::string_view rest = ask.door.rest;
  if (!rest.empty()) rest.remove_prefix(1);
  const size_t slash = std::min(rest.find('/'), rest.size());
  const std::string_view id = rest.substr(0, slash), verb = rest.substr(slash);
  Ticket* t = id.starts_with("resp_tkt_") ? keeper.tickets().find(ask.owner(), id.substr(5)) : nullptr;
  if (!t) return no_such(ask, "Response with id '" + std::string(id.substr(0, 100)) + "' not found.");
  if (verb == "/cancel" && ask.method == "POST") {
    if (!keeper.tickets().answer(*t))
      if (const Status done = keeper.tickets().obey(*t, "cancel", ""); !done) return defect(ask, done.error());
    return response_reply(keeper.tickets(), *t);
  }
  if (!verb.empty()) return no_such(ask, "Invalid URL");
  if (ask.method == "DELETE") {
    keeper.tickets().delivered(*t);
    return json_reply({{"id", std::string(id)}, {"object", "response"}, {"deleted", true}});
  }
  return response_reply(keeper.tickets(), *t);
}

}  // namespace twolane::gateway
