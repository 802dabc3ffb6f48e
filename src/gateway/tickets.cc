// Tickets, and the groups that become jobs; their journal is in tickets_journal.cc.
#include "gateway/tickets.h"

#include <algorithm>

#include "dialect/catalogue.h"
#include "gateway/keeper.h"
#include "model/model_name.h"
#include "patient/output.h"

namespace twolane::gateway {
namespace {

using wire::Json;

constexpr size_t most_in_group = 10'000;
constexpr Duration longest_collecting = minutes(15);

// A line of an input file. Bodies are JSON objects: they were parsed when the ticket was taken.
std::string input_line(const Ticket& t) {
  const std::string id = "\"" + t.id + "\"";
  switch (t.door) {
    case Dialect::anthropic: return "{\"custom_id\":" + id + ",\"params\":" + t.body + "}\n";
    case Dialect::gemini: return "{\"key\":" + id + ",\"request\":" + t.body + "}\n";
    case Dialect::openai: break;
  }
  return "{\"custom_id\":" + id + ",\"method\":\"POST\",\"url\":\"" + std::string(wire_name(t.endpoint)) +
         "\",\"body\":" + t.body + "}\n";
}

InputFormat format_of(Dialect door) {
  switch (door) {
    case Dialect::anthropic: return InputFormat::anthropic_jsonl;
    case Dialect::gemini: return InputFormat::gemini_jsonl;
    case Dialect::openai: break;
  }
  return InputFormat::openai_jsonl;
}

int status_of_anthropic(std::string_view type) {
  if (type == "invalid_request_error") return 400;
  if (type == "not_found_error") return 404;
  if (type == "rate_limit_error") return 429;
  return type == "overloaded_error" ? 529 : 500;
}

TicketAnswer failed(Dialect door, int status, std::string message) {
  return {status, error_object(door, Refusal(status, std::move(message)), "")};
}

// An output line as the answer that the synchronous door would have given.
TicketAnswer answer_of(const Ticket& t, const std::string& line) {
  const auto json = wire::parse_json(line);
  if (!json) return failed(t.door, 500, "The answer cannot be read.");
  if (t.door == Dialect::anthropic) {
    const Json* result = wire::find(*json, "result");
    const auto type = result ? wire::string_at(*result, "type") : std::string_view();
    if (type == "succeeded") return {200, wire::dump((*result)["message"])};
    if (type == "errored") {
      const Json& error = (*result)["error"];
      const Json* inner = wire::find(error, "error");
      return {status_of_anthropic(inner ? wire::string_at(*inner, "type") : ""), wire::dump(error)};
    }
    return failed(t.door, type == "expired" ? 504 : 409, "The request " + std::string(type) + ".");
  }
  if (t.door == Dialect::gemini) {
    if (const Json* response = wire::find(*json, "response")) return {200, wire::dump(*response)};
    const Json* error = wire::find(*json, "error");
    return failed(t.door, 500, error ? std::string(wire::string_at(*error, "message")) : "The request failed.");
  }
  const Json* response = wire::find(*json, "response");
  if (response && response->is_object()) {
    const Json* body = wire::find(*response, "body");
    return {static_cast<int>(wire::int_at(*response, "status_code", 200)), body ? wire::dump(*body) : "{}"};
  }
  const Json* error = wire::find(*json, "error");
  const auto code = error ? wire::string_at(*error, "code") : std::string_view();
  TicketAnswer answer = failed(t.door, code.find("expired") != code.npos ? 504 : 409,
                               error ? std::string(wire::string_at(*error, "message")) : "The request failed.");
  return answer;
}

}  // namespace

// One name for what a retry repeats: the client's own key, or what was asked.
std::string Tickets::name_of(const Ticket& t) {
  return t.owner + (t.idempotency.empty() ? "\n" + t.digest : "\nkey " + t.idempotency);
}

Ticket& Tickets::shelve(Ticket ticket) {
  const std::string id = ticket.id;
  by_name_.emplace(name_of(ticket), id);
  if (ticket.group.empty() && !ticket.cancelled) open_.insert(id);
  return tickets_[id] = std::move(ticket);
}

Result<Ticket*> Tickets::take(Ticket ticket) {
  const auto [begin, end] = by_name_.equal_range(name_of(ticket));
  for (auto it = begin; it != end; ++it) {
    Ticket& t = tickets_.at(it->second);
    const bool broke = t.orphan && !t.delivered && !t.then;
    if (ticket.idempotency.empty() && !broke) continue;  // equal bodies are separate requests
    t.orphan = false;
    return &t;
  }
  ticket.id = "tkt_" + keeper_.fresh_id(24);
  CHECKED(append(journal_line(ticket), true));
  return &shelve(std::move(ticket));
}

Ticket* Tickets::find(std::string_view owner, std::string_view id) {
  const auto it = tickets_.find(std::string(id));
  return it == tickets_.end() || it->second.owner != owner ? nullptr : &it->second;
}

void Tickets::wait(Ticket& ticket, std::function<void(const Ticket&)> then) {
  if (answer(ticket)) return then(ticket);
  // Of two who wait for one ticket, the later has it: the earlier's connection broke unnoticed.
  ticket.then = std::move(then);
}

void Tickets::left(const std::string& id) {
  const auto it = tickets_.find(id);
  if (it == tickets_.end()) return;
  it->second.then = nullptr;
  it->second.orphan = true;
  it->second.delivered = false;
}

void Tickets::delivered(Ticket& ticket) {
  ticket.delivered = true;
  ticket.orphan = false;
  // Not durable: lost with a crash it means one more answer to a retry, never one more purchase.
  (void)append({{"delivered", ticket.id}}, false).has_value();
}

// Tickets of one door, one model, a similar window, as many steps behind them and one on-time target go together;
// a rush goes alone.
Tickets::Key Tickets::key_of(const Ticket& t, Time now) const {
  const double hours_left = static_cast<double>(std::max<int64_t>(1, (t.deadline - now).ms)) / 3'600'000;
  int window = 0;
  for (const double bound : {0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0}) window += hours_left > bound;
  return {t.door, t.model, t.rush ? t.id : t.owner, t.kept, window, t.steps_after, t.on_time};
}

Status Tickets::look(Time now) {
  std::map<Key, std::vector<Ticket*>> open;
  for (const auto& id : open_) {
    Ticket& t = tickets_.at(id);
    open[key_of(t, now)].push_back(&t);
  }
  for (auto& [key, members] : open) {
    Time due{INT64_MAX};
    for (const Ticket* t : members)
      due = std::min(due, t->created + std::min(longest_collecting, (t->deadline - t->created) / (20 * (t->steps_after + 1))));
    if (due <= now || members.size() >= most_in_group || members.front()->rush) CHECKED(close(members));
  }
  for (auto& [id, group] : groups_)
    if (group.unfinished != 0) CHECKED(tell(group));
  return {};
}

Status Tickets::close(std::vector<Ticket*> members) {
  if (members.size() > most_in_group) members.resize(most_in_group);
  Group group;
  group.id = keeper_.fresh_id(16);
  for (const Ticket* t : members) group.tickets.push_back(t->id);
  CHECKED(append({{"group", group.id}, {"tickets", group.tickets}}, true));
  for (Ticket* t : members) {
    t->group = group.id;
    open_.erase(t->id);
  }
  const std::string id = group.id;
  Group& kept = groups_[id] = std::move(group);
  CHECKED(accept(kept));
  for (Ticket* t : members) t->body.clear();
  return {};
}

Status Tickets::accept(Group& group) {
  Incoming lines(keeper_.incoming_directory(), "");
  const Ticket* first = nullptr;
  Time deadline{INT64_MAX};
  bool rush = false;
  for (const auto& id : group.tickets) {
    const auto it = tickets_.find(id);
    if (it == tickets_.end()) continue;
    if (!first) first = &it->second;
    deadline = std::min(deadline, it->second.deadline);
    rush = rush || it->second.rush;
    CHECKED(lines.take(input_line(it->second), 1ll << 33));
  }
  if (!first) return {};
  Keeper::Order order;
  order.path = TRY(lines.path());
  order.window = std::max(deadline - keeper_.now(), seconds(1));
  order.kept = first->kept;
  order.steps_after = first->steps_after;
  order.on_time = first->on_time;
  order.options.format_fixed = true;
  order.options.input.format = format_of(first->door);
  order.options.skip_invalid = true;
  order.options.salt = group.id;
  if (first->door == Dialect::gemini) {
    const auto target = dialect::parse_target(first->model);
    order.options.input.models = {target ? *target : Target{"gemini", std::string(bare_model_name(first->model))}};
  }
  const Job job = TRY(keeper_.accept_job("tickets " + group.id, first->owner, order, keeper_.left_of(first->owner)));
  group.job = job.id.hex();
  CHECKED(append({{"group", group.id}, {"job", group.job}}, true));
  CHECKED(keeper_.engine().take_up(job.id));
  if (!rush) return {};
  store::Word word;
  word.job = job.id;
  word.verb = "promote";
  return keeper_.engine().obey(word);
}

// Those whose tickets have an answer now.
Status Tickets::tell(Group& group) {
  const auto id = JobId::from_hex(group.job);
  if (!id || group.unfinished == 0) return {};
  const auto job = TRY(keeper_.home().store().job(*id));
  if (!job || job->totals.unfinished() == group.unfinished) return {};
  group.unfinished = job->totals.unfinished();
  for (const auto& member : group.tickets) {
    const auto it = tickets_.find(member);
    if (it == tickets_.end() || !it->second.then || !answer(it->second)) continue;
    auto then = std::exchange(it->second.then, nullptr);
    then(it->second);
  }
  return {};
}

const std::map<std::string, std::string>& Tickets::lines_of(const Group& group) {
  const auto id = JobId::from_hex(group.job);
  const auto job = id ? keeper_.home().store().job(*id) : Result<std::optional<Job>>(std::nullopt);
  if (!job || !*job) {
    lines_.clear();
    lines_group_.clear();
    return lines_;
  }
  const int64_t unfinished = (*job)->totals.unfinished();
  if (lines_group_ == group.id && lines_unfinished_ == unfinished) return lines_;
  lines_.clear();
  std::string text;
  const auto keep = [&text](std::string_view piece) -> Status {
    text.append(piece);
    return {};
  };
  (void)patient::write_output(keeper_.home().store(), keeper_.home().payloads(), **job, true, keep).has_value();
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    std::string line = text.substr(at, end - at);
    at = end + 1;
    const size_t name = line.find("tkt_");
    if (name == line.npos) continue;
    std::string ticket = line.substr(name, 28);
    lines_[std::move(ticket)] = std::move(line);
  }
  lines_group_ = group.id;
  lines_unfinished_ = unfinished;
  return lines_;
}

std::optional<TicketAnswer> Tickets::answer(const Ticket& ticket) {
  if (ticket.cancelled) return failed(ticket.door, 409, "The request was cancelled.");
  const auto group = groups_.find(ticket.group);
  if (group == groups_.end() || group->second.job.empty()) return std::nullopt;
  const auto& lines = lines_of(group->second);
  const auto line = lines.find(ticket.id);
  if (line == lines.end()) return std::nullopt;
  return answer_of(ticket, line->second);
}

void Tickets::forget(JobId job) {
  for (auto group = groups_.begin(); group != groups_.end();) {
    if (group->second.job != job.hex()) {
      ++group;
      continue;
    }
    for (const auto& id : group->second.tickets) drop(id);
    group = groups_.erase(group);
  }
}

void Tickets::drop(const std::string& id) {
  const auto it = tickets_.find(id);
  if (it == tickets_.end()) return;
  auto [name, end] = by_name_.equal_range(name_of(it->second));
  while (name != end) name = name->second == id ? by_name_.erase(name) : std::next(name);
  open_.erase(id);
  tickets_.erase(it);
}

Status Tickets::obey(Ticket& ticket, const std::string& verb, const std::string& argument) {
  const auto group = groups_.find(ticket.group);
  if (group == groups_.end()) {  // not collected yet
    if (verb == "deadline") ticket.deadline = TRY(parse_rfc3339(argument)), ticket.kept = true;
    if (verb == "promote") ticket.rush = true;
    if (verb == "cancel") ticket.cancelled = true;
    CHECKED(append(journal_line(ticket), true));  // in place of the line before
    if (verb == "cancel") CHECKED(append({{"cancelled", ticket.id}}, true));
    if (verb == "cancel") open_.erase(ticket.id);
    if (verb == "cancel" && ticket.then) std::exchange(ticket.then, nullptr)(ticket);
    return {};
  }
  const auto job = JobId::from_hex(group->second.job);
  const auto at = std::ranges::find(group->second.tickets, ticket.id);
  if (!job) return fail("store.unknown_job", "the ticket has no job");
  store::Word word;
  word.job = *job;
  word.verb = verb;
  // A job has one deadline: an earlier one for one of its tickets is one for all.
  word.argument = verb == "deadline" ? argument : std::to_string(at - group->second.tickets.begin());
  return keeper_.engine().obey(word);
}

}  // namespace twolane::gateway
