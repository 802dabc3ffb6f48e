// Beast's HTTP/1.1 parser with its fields in our types; the body goes to a sink as it is parsed.
//
// Stops after the head first, so that the head can decide what becomes of the body. Trailers are
// read and dropped. Coded messages beyond "chunked" are for the caller to refuse: see
// `unknown_coding`.
#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "net/asio.h"
#include "net/head.h"
#include "wire/http.h"

namespace twolane::net {

namespace http = boost::beast::http;

struct MessageHead {
  int version = 11;
  int status = 0;              // of a reply
  std::string method, target;  // of a request
  wire::Headers headers;
};

template <bool is_request>
class MessageParser final : public http::basic_parser<is_request> {
  using Base = http::basic_parser<is_request>;
  using Text = boost::beast::string_view;

 public:
  explicit MessageParser(int64_t header_limit) {
    this->header_limit(static_cast<uint32_t>(header_limit));
    this->body_limit(boost::none);
    head.headers.reserve(usual_headers);
  }

  MessageHead head;
  wire::Sink take;               // set before the body is parsed
  std::optional<Error> refused;  // by `take`

  // Anything but "chunked", once: two parties may read the rest in two ways.
  bool unknown_coding() const {
    int fields = 0;
    for (const auto& [name, value] : head.headers)
      if (same_name(name, "Transfer-Encoding") && (++fields > 1 || !same_name(value, "chunked")))
        return true;
    return false;
  }

 private:
  static constexpr size_t usual_headers = 16;
  static constexpr uint64_t longest_chunk = 1ull << 40;  // bytes; no body comes near

  static std::string_view view(Text text) { return {text.data(), text.size()}; }

  size_t give(Text piece, ErrorCode& error) {
    if (auto taken = take(view(piece)); !taken) {
      refused = std::move(taken).error();
      error = asio::error::operation_aborted;
      return 0;
    }
    return piece.size();
  }

  void on_request_impl(http::verb, Text method, Text target, int version, ErrorCode&) override {
    head.method = view(method);
    head.target = view(target);
    head.version = version;
  }
  void on_response_impl(int status, Text, int version, ErrorCode&) override {
    head.status = status;
    head.version = version;
  }
  void on_field_impl(http::field, Text name, Text value, ErrorCode&) override {
    if (!this->is_header_done()) head.headers.emplace_back(view(name), view(value));
  }
  void on_header_impl(ErrorCode&) override {}
  void on_body_init_impl(const boost::optional<uint64_t>&, ErrorCode&) override {}
  size_t on_body_impl(Text piece, ErrorCode& error) override { return give(piece, error); }
  void on_chunk_header_impl(uint64_t size, Text, ErrorCode& error) override {
    if (size > longest_chunk) error = http::error::bad_chunk;
  }
  size_t on_chunk_body_impl(uint64_t, Text piece, ErrorCode& error) override {
    return give(piece, error);
  }
  void on_finish_impl(ErrorCode&) override {}
};

}  // namespace twolane::net
