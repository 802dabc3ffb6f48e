// Bodies in, answers out, each step with the connection's deadline.
#include "net/exchange.h"

#include "net/head.h"

namespace twolane::net {
namespace {

// What of a body's announced length is taken at its word before the bytes are there.
constexpr size_t most_reserved = 1 << 20;

int status_of(const ErrorCode& error) {
  if (error == http::error::header_limit || error == http::error::buffer_overflow) return 431;
  if (error.category() == make_error_code(http::error::bad_value).category()) return 400;
  return -1;
}

}  // namespace

Exchange::Exchange(std::shared_ptr<ServerConnection> client, const HttpServer::Settings& settings,
                   const std::string& date)
    : client_(std::move(client)),
      settings_(settings),
      date_(date),
      keep_(client_->channel.parser().keep_alive()),
      read_(client_->channel.parser().is_done()) {}

Exchange::~Exchange() {
  client_->left = nullptr;
  client_->look.clear();
}

int64_t Exchange::length() const {
  const auto& parser = client_->channel.parser();
  if (parser.chunked()) return -1;
  return static_cast<int64_t>(parser.content_length().value_or(0));
}

Awaitable<int> Exchange::body(wire::Sink take) {
  ServerChannel& channel = client_->channel;
  if (channel.parser().is_done()) co_return 0;
  const Pace pace(*client_, settings_);
  if (same_name(wire::header(head().headers, "Expect"), "100-continue") && !channel.has_unread()) {
    const ErrorCode failed = co_await channel.write_bytes("HTTP/1.1 100 Continue\r\n\r\n");
    if (failed) co_return -1;
  }
  const ErrorCode failed = co_await channel.read_body(std::move(take));
  if (failed) co_return refusal_of_body(failed);
  read_ = true;
  co_return 0;
}

int Exchange::refusal_of_body(const ErrorCode& failed) {
  keep_ = false;
  if (const auto refused = client_->channel.refusal())
    return refused->code == "net.body_limit" ? 413 : 507;
  return status_of(failed);
}

Awaitable<int> Exchange::body(std::string& to, int64_t limit) {
  const int64_t announced = length();
  if (announced > limit) {
    keep_ = false;
    co_return 413;
  }
  to.reserve(std::min(most_reserved, static_cast<size_t>(std::max<int64_t>(0, announced))));
  wire::Sink take = [&to, limit](std::string_view piece) -> Status {
    if (static_cast<int64_t>(to.size() + piece.size()) > limit)
      return fail("net.body_limit", "the body is too large");
    to.append(piece);
    return {};
  };
  // Most bodies are there with their heads.
  ServerChannel& channel = client_->channel;
  channel.set_taker(take);
  std::string_view raw;
  if (const ErrorCode failed = channel.part_so_far(raw)) co_return refusal_of_body(failed);
  if (channel.parser().is_done()) {
    read_ = true;
    co_return 0;
  }
  co_return co_await body(std::move(take));
}

Awaitable<void> Exchange::reply(wire::HttpReply reply) {
  if (!read_) keep_ = false;
  if (reply.status < 200 || reply.status > 599 || !check_headers(reply.headers))
    reply = wire::HttpReply{500, {}, {}};
  std::string text = reply_head(reply, keep_, head().version, date_);
  const bool bodiless = head().method == "HEAD" || reply.status == 204 || reply.status == 304;
  const int64_t length = bodiless ? 0 : reply.body.size();
  const auto body = std::make_shared<const wire::Body>(std::move(reply.body));
  const Pace pace(*client_, settings_);
  const ErrorCode failed = co_await client_->channel.write(std::move(text), body, length);
  answered_ = !failed;
}

Awaitable<ErrorCode> Exchange::write(std::string_view first, std::string_view second) {
  client_->deadline.in(settings_.stall);
  const ErrorCode failed = co_await client_->channel.write_bytes(first, second);
  client_->deadline.clear();
  co_return failed;
}

void Exchange::on_left(std::function<void()> then, Noticed when) {
  client_->left = std::move(then);
  if (when == Noticed::at_once) return client_->watch();
  client_->look.in(Duration{0});
}

}  // namespace twolane::net
