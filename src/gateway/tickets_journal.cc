// The journal of tickets: a line for each thing that happened, read again at the start.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "gateway/keeper.h"
#include "gateway/tickets.h"
#include "store/small_file.h"

namespace twolane::gateway {
namespace {

using wire::Json;

constexpr Duration kept_after = days(29);  // tickets are forgotten this long after they were taken

std::unexpected<Error> io_fault(const std::string& path) {
  return fail("shelf.io", path + " cannot be written", std::strerror(errno));
}

Json json_of(const Ticket& t) {
  return {{"ticket", t.id},
          {"owner", t.owner},
          {"idempotency", t.idempotency},
          {"digest", t.digest},
          {"door", static_cast<int>(t.door)},
          {"endpoint", static_cast<int>(t.endpoint)},
          {"model", t.model},
          {"body", t.body},
          {"created_ms", t.created.ms},
          {"deadline_ms", t.deadline.ms},
          {"kept", t.kept},
          {"rush", t.rush},
          {"steps_after", t.steps_after},
          {"on_time", t.on_time}};
}

Ticket ticket_of(const Json& json) {
  Ticket t;
  t.id = wire::string_at(json, "ticket");
  t.owner = wire::string_at(json, "owner");
  t.idempotency = wire::string_at(json, "idempotency");
  t.digest = wire::string_at(json, "digest");
  t.door = static_cast<Dialect>(wire::int_at(json, "door"));
  t.endpoint = static_cast<Endpoint>(wire::int_at(json, "endpoint"));
  t.model = wire::string_at(json, "model");
  t.body = wire::string_at(json, "body");
  t.created.ms = wire::int_at(json, "created_ms");
  t.deadline.ms = wire::int_at(json, "deadline_ms");
  const Json* kept = wire::find(json, "kept");
  const Json* rush = wire::find(json, "rush");
  t.kept = kept && *kept == true;
  t.rush = rush && *rush == true;
  t.steps_after = static_cast<int32_t>(wire::int_at(json, "steps_after"));
  if (const Json* share = wire::find(json, "on_time"); share && share->is_number()) t.on_time = share->get<double>();
  t.orphan = true;  // whoever waited has gone with the process
  return t;
}

}  // namespace

wire::Json Tickets::journal_line(const Ticket& ticket) { return json_of(ticket); }

Tickets::~Tickets() {
  if (file_ >= 0) ::close(file_);
}

Status Tickets::append(const Json& line, bool durable) {
  const std::string text = wire::dump(line) + '\n';
  if (::write(file_, text.data(), text.size()) != static_cast<ssize_t>(text.size())) return io_fault(path_);
  ++lines_written_;
  if (durable && ::fdatasync(file_) != 0) return io_fault(path_);
  return {};
}

void Tickets::replay(const Json& line) {
  if (wire::find(line, "ticket")) {
    Ticket t = ticket_of(line);
    if (t.created + kept_after > keeper_.now()) shelve(std::move(t));
  } else if (const auto id = wire::string_at(line, "group"); !id.empty()) {
    Group& group = groups_[std::string(id)];
    group.id = id;
    if (const Json* members = wire::find(line, "tickets"))
      for (const Json& member : *members) {
        group.tickets.push_back(member.get<std::string>());
        open_.erase(group.tickets.back());
        if (const auto it = tickets_.find(group.tickets.back()); it != tickets_.end()) it->second.group = id;
      }
    if (const auto job = wire::string_at(line, "job"); !job.empty()) group.job = job;
  } else if (const auto done = wire::string_at(line, "delivered"); !done.empty()) {
    if (const auto it = tickets_.find(std::string(done)); it != tickets_.end()) it->second.delivered = true;
  } else if (const auto cancelled = wire::string_at(line, "cancelled"); !cancelled.empty()) {
    open_.erase(std::string(cancelled));
    if (const auto it = tickets_.find(std::string(cancelled)); it != tickets_.end()) it->second.cancelled = true;
  }
}

Status Tickets::load() {
  int64_t good = 0;  // bytes of whole lines: what a crash tore off is cut away
  {
    std::ifstream in(path_, std::ios::binary);
    for (std::string line; std::getline(in, line);) {
      const auto json = wire::parse_json(line);
      if (!json || in.eof()) break;
      good += static_cast<int64_t>(line.size()) + 1;
      ++lines_written_;
      replay(*json);
    }
  }
  file_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file_ < 0 || ::ftruncate(file_, good) != 0) return io_fault(path_);
  std::erase_if(groups_, [this](const auto& g) {
    return std::ranges::none_of(g.second.tickets, [this](const auto& id) { return tickets_.contains(id); });
  });
  for (auto& [id, group] : groups_) {
    if (group.job.empty()) CHECKED(accept(group));
    const auto job = JobId::from_hex(group.job);
    for (const auto& member : group.tickets) {
      const auto it = tickets_.find(member);
      if (it == tickets_.end()) continue;
      it->second.body.clear();
      if (job) CHECKED(keeper_.belongs(*job, it->second.owner));
    }
  }
  return {};
}

// What a reader of the whole journal would know, and no more: texts of requests are in it only until their
// group is a job.
Status Tickets::write_anew(int file) {
  lines_written_ = 0;
  std::string text;
  const auto put = [&](const Json& line) -> Status {
    text += wire::dump(line) + '\n';
    ++lines_written_;
    if (text.size() < 1 << 20) return {};
    const bool good = ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    text.clear();
    return good ? Status() : io_fault(path_);
  };
  for (const auto& [id, ticket] : tickets_) CHECKED(put(json_of(ticket)));
  for (const auto& [id, group] : groups_)
    CHECKED(put({{"group", group.id}, {"tickets", group.tickets}, {"job", group.job}}));
  for (const auto& [id, ticket] : tickets_) {
    if (ticket.delivered) CHECKED(put({{"delivered", id}}));
    if (ticket.cancelled) CHECKED(put({{"cancelled", id}}));
  }
  const bool good = ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(file) == 0;
  return good ? Status() : io_fault(path_);
}

Status Tickets::compact() {
  const auto needed = static_cast<int64_t>(2 * tickets_.size() + groups_.size());
  const bool all_gone = tickets_.empty() && lines_written_ > 0;
  if (!all_gone && lines_written_ < 2 * needed + 1000) return {};
  const std::string aside = path_ + ".new";
  const int file = ::open(aside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) return io_fault(aside);
  const Status written = write_anew(file);
  if (!written || ::rename(aside.c_str(), path_.c_str()) != 0) {
    ::close(file);
    return written ? io_fault(path_) : written;
  }
  ::close(std::exchange(file_, file));
  // What is appended from now on is durable under its name only.
  if (store::sync_directory_of(path_)) return io_fault(path_);
  return {};
}

}  // namespace twolane::gateway
