// HTTP/1.1 messages over one Stream: heads and bodies in, heads and bodies out, flat memory.
//
// The reading and the writing side may be used by two tasks at once. Holds no buffer while idle.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "net/asio.h"
#include "net/event_loop.h"
#include "net/message_parser.h"
#include "net/stream.h"
#include "wire/http.h"

namespace twolane::net {

// Bytes read and not yet parsed, in one piece: parsers want the rest of a line beside its
// beginning.
class ReadBuffer {
 public:
  ReadBuffer() = default;
  ReadBuffer(const ReadBuffer&) = delete;
  ReadBuffer& operator=(const ReadBuffer&) = delete;

  asio::mutable_buffer room();  // at least one byte, unless full()
  void filled(size_t n);        // after reading into room()
  asio::const_buffer bytes() const { return {memory_.get() + begin_, end_ - begin_}; }
  void consumed(size_t n);
  bool empty() const { return begin_ == end_; }
  bool full() const { return end_ - begin_ == most; }
  void give_back();
  ~ReadBuffer() { consumed(end_ - begin_), give_back(); }

  static constexpr size_t least = 16 << 10, most = 128 << 10;

 private:
  void resize(size_t size);

  std::unique_ptr<char[]> memory_;
  size_t size_ = 0, begin_ = 0, end_ = 0;
  bool was_filled_up_ = false;
};

// Reads the first bytes of a Body in order, across its pieces.
class BodyCursor {
 public:
  BodyCursor(std::shared_ptr<const wire::Body> body, int64_t length)
      : body_(std::move(body)), left_(length) {}
  int64_t left() const { return left_; }
  // Up to `length` bytes; none only at the end. Error: net.body, the body is shorter than it said.
  Result<size_t> read(char* to, size_t length);

 private:
  std::shared_ptr<const wire::Body> body_;
  size_t piece_ = 0;
  int64_t offset_ = 0;  // in the piece
  int64_t left_;
};

inline const std::shared_ptr<const wire::Body> no_body;

// `parses_requests`: the server's side.
template <bool parses_requests>
class Channel {
 public:
  using Parser = MessageParser<parses_requests>;

  Channel(Socket socket, int64_t header_limit)
      : stream(std::move(socket)), header_limit_(header_limit) {}

  // Waits for the first bytes of a message without holding memory.
  Awaitable<ErrorCode> wait_for_bytes();
  // Begins the next message and reads its head: parser() has it then. `skip_body`: there will be
  // none, whatever the head says.
  Awaitable<ErrorCode> read_head(bool skip_body);
  // Reads the body to its end; every piece goes to `take`. After an error refusal() may say more.
  Awaitable<ErrorCode> read_body(wire::Sink take);
  // Writes `head` and the first `length` bytes of `body`. After an error body_fault may say more.
  Awaitable<ErrorCode> write(std::string head, std::shared_ptr<const wire::Body> body,
                             int64_t length);

  // Reads some more of the body: its pieces go to `take`, and `raw` is all of it as it came, framing
  // included; it holds until the next read. parser().is_done() tells the end.
  Awaitable<ErrorCode> read_part(std::string_view& raw);
  // The same for what came with the head or the piece before, without waiting.
  ErrorCode part_so_far(std::string_view& raw);
  void set_taker(wire::Sink take) { parser_->take = std::move(take); }
  // Writes both, in one call to the kernel where it takes them.
  Awaitable<ErrorCode> write_bytes(std::string_view first, std::string_view second = {});


  Parser& parser() { return *parser_; }
  // What the taker of the body said against it.
  std::optional<Error> refusal() const { return parser_ ? parser_->refused : std::nullopt; }
  bool has_unread() const { return !buffer_.empty(); }
  void rest();  // between messages: gives back what memory can be

  Stream stream;
  std::function<void()> progress;  // bytes went through
  bool heard = false,
       sent = false;  // bytes were read, may have reached the peer; the owner resets them
  int64_t bytes_read = 0, bytes_written = 0;  // since the owner set them to 0
  std::optional<Error> body_fault;            // why the body could not be read

 private:
  Awaitable<ErrorCode> fill();
  ErrorCode parse(std::string_view& raw);
  Awaitable<ErrorCode> write_block(const char* bytes, size_t length);

  ReadBuffer buffer_;
  std::unique_ptr<Parser> parser_;  // of the message under way
  int64_t header_limit_;
};

extern template class Channel<true>;
extern template class Channel<false>;

}  // namespace twolane::net
