// Reading and writing of HTTP/1.1 messages on own buffers.
#include "net/channel.h"

#include <algorithm>
#include <cstring>
#include <vector>

namespace twolane::net {
namespace {

// Blocks of ReadBuffer::least bytes that lie idle. Every message takes and returns one, and that
// size is where malloc becomes slow.
thread_local std::vector<std::unique_ptr<char[]>> spare_blocks;
constexpr size_t most_spare = 64;

constexpr size_t tls_record = 16 << 10;  // bytes, at most (RFC 8446, 5.1)

std::unique_ptr<char[]> take_block(size_t size) {
  if (size != ReadBuffer::least || spare_blocks.empty())
    return std::make_unique_for_overwrite<char[]>(size);
  auto block = std::move(spare_blocks.back());
  spare_blocks.pop_back();
  return block;
}

void return_block(std::unique_ptr<char[]> block, size_t size) {
  if (size == ReadBuffer::least && spare_blocks.size() < most_spare)
    spare_blocks.push_back(std::move(block));
}

}  // namespace

void ReadBuffer::give_back() {
  if (!empty() || !memory_) return;
  return_block(std::move(memory_), size_);
  size_ = begin_ = end_ = 0;
}

asio::mutable_buffer ReadBuffer::room() {
  if (size_ == 0) {
    resize(least);
  } else if (was_filled_up_ && size_ < most) {
    resize(std::min(size_ * 2, most));  // more arrives at once than fits
  } else if (begin_ > 0) {
    resize(size_);
  }
  was_filled_up_ = false;
  return {memory_.get() + end_, size_ - end_};
}

void ReadBuffer::filled(size_t n) {
  end_ += n;
  was_filled_up_ = end_ == size_;
}

void ReadBuffer::consumed(size_t n) {
  begin_ += n;
  if (begin_ == end_) begin_ = end_ = 0;
}

// Moves what is left to the front.
void ReadBuffer::resize(size_t size) {
  const size_t left = end_ - begin_;
  if (size == size_) {
    std::memmove(memory_.get(), memory_.get() + begin_, left);
  } else {
    auto memory = take_block(size);
    if (left > 0) std::memcpy(memory.get(), memory_.get() + begin_, left);
    if (memory_) return_block(std::move(memory_), size_);
    memory_ = std::move(memory);
    size_ = size;
  }
  begin_ = 0;
  end_ = left;
}

Result<size_t> BodyCursor::read(char* to, size_t length) {
  size_t done = 0;
  while (done < length && left_ > 0) {
    if (piece_ == body_->pieces.size()) return fail("net.body", "the body is shorter than it said");
    const auto& piece = body_->pieces[piece_];
    const auto here =
        std::min({static_cast<int64_t>(length - done), left_, piece.size() - offset_});
    if (here <= 0) {
      ++piece_;
      offset_ = 0;
      continue;
    }
    auto n = static_cast<size_t>(here);
    if (piece.source) {
      n = TRY(piece.source->read(offset_, to + done, n));
      if (n == 0) return fail("net.body", "the body is shorter than it said");
    } else {
      std::memcpy(to + done, piece.text.data() + offset_, n);
    }
    done += n;
    offset_ += static_cast<int64_t>(n);
    left_ -= static_cast<int64_t>(n);
  }
  return done;
}

template <bool parses_requests>
Awaitable<ErrorCode> Channel<parses_requests>::wait_for_bytes() {
  if (!buffer_.empty()) co_return ErrorCode{};
  if (!stream.is_tls()) {
    auto [failed] = co_await stream.socket().async_wait(Socket::wait_read, as_result);
    if (failed) co_return failed;
  }
  co_return co_await fill();
}

template <bool parses_requests>
Awaitable<ErrorCode> Channel<parses_requests>::fill() {
  if (buffer_.full()) co_return http::error::header_limit;  // no framing is that long
  auto [failed, n] = co_await stream.read_some(buffer_.room());
  if (failed) co_return failed;
  buffer_.filled(n);
  bytes_read += static_cast<int64_t>(n);
  heard = true;
  if (progress) progress();
  co_return ErrorCode{};
}

template <bool parses_requests>
Awaitable<ErrorCode> Channel<parses_requests>::read_head(bool skip_body) {
  parser_ = std::make_unique<Parser>(header_limit_);
  if (skip_body) parser_->skip(true);
  for (std::string_view raw;;) {
    if (const ErrorCode wrong = parse(raw)) co_return wrong;
    if (parser_->is_header_done()) break;
    const ErrorCode failed = co_await fill();
    if (failed) co_return failed;
  }
  parser_->eager(true);
  co_return ErrorCode{};
}

template <bool parses_requests>
Awaitable<ErrorCode> Channel<parses_requests>::read_body(wire::Sink take) {
  parser_->take = std::move(take);
  while (!parser_->is_done()) {
    std::string_view raw;
    const ErrorCode failed = co_await read_part(raw);
    if (failed) co_return failed;
  }
  co_return ErrorCode{};
}

// What was read already, as far as it goes; `raw` is what was parsed and holds until the next read.
template <bool parses_requests>
ErrorCode Channel<parses_requests>::parse(std::string_view& raw) {
  raw = {};
  if (buffer_.empty()) return {};
  ErrorCode error;
  const auto bytes = buffer_.bytes();
  const size_t n = parser_->put(bytes, error);
  buffer_.consumed(n);
  if (error && error != http::error::need_more) return error;
  raw = {static_cast<const char*>(bytes.data()), n};
  return {};
}

template <bool parses_requests>
ErrorCode Channel<parses_requests>::part_so_far(std::string_view& raw) {
  raw = {};
  return parser_->is_done() ? ErrorCode() : parse(raw);
}

template <bool parses_requests>
Awaitable<ErrorCode> Channel<parses_requests>::read_part(std::string_view& raw) {
  raw = {};
  while (!parser_->is_done()) {
    if (const ErrorCode wrong = parse(raw)) co_return wrong;
    if (!raw.empty() || parser_->is_done()) break;
    const ErrorCode failed = co_await fill();
    if (failed == asio::error::eof && parser_->need_eof()) {
      ErrorCode error;
      parser_->put_eof(error);
      co_return error;
    }
    if (failed) co_return failed;
  }
  co_return ErrorCode{};
}

template <bool parses_requests>
Awaitable<ErrorCode> Channel<parses_requests>::write_bytes(std::string_view first,
                                                           std::string_view second) {
  std::string joined;  // over TLS: one record instead of two
  if (stream.is_tls() && !first.empty() && !second.empty() &&
      first.size() + second.size() <= tls_record) {
    joined.append(first).append(second);
    first = joined, second = {};
  }
  while (!first.empty()) {
    if (stream.is_tls()) sent = true;
    const std::array<asio::const_buffer, 2> both = {asio::buffer(first), asio::buffer(second)};
    auto [failed, n] = co_await stream.write_some(both);
    if (n > 0) sent = true;
    if (failed) co_return failed;
    bytes_written += static_cast<int64_t>(n);
    if (progress) progress();
    const size_t of_first = std::min(n, first.size());
    first.remove_prefix(of_first);
    second.remove_prefix(n - of_first);
  }
  if (second.empty()) co_return ErrorCode{};
  co_return co_await write_block(second.data(), second.size());
}

template <bool parses_requests>
Awaitable<ErrorCode> Channel<parses_requests>::write_block(const char* bytes, size_t length) {
  while (length > 0) {
    // Of an encrypted write that fails, nobody knows how much has left.
    if (stream.is_tls()) sent = true;
    auto [failed, n] = co_await stream.write_some(asio::const_buffer(bytes, length));
    if (n > 0) sent = true;
    if (failed) co_return failed;
    bytes += n;
    length -= n;
    bytes_written += static_cast<int64_t>(n);
    if (progress) progress();
  }
  co_return ErrorCode{};
}

template <bool parses_requests>
Awaitable<ErrorCode> Channel<parses_requests>::write(std::string head,
                                                     std::shared_ptr<const wire::Body> body,
                                                     int64_t length) {
  constexpr size_t most = 128 << 10;
  if (length == 0 || head.size() > most / 2) {
    const ErrorCode failed = co_await write_block(head.data(), head.size());
    if (failed) co_return failed;
    head.clear();
  }
  // Head and body leave together where they fit into one block.
  BodyCursor cursor(std::move(body), length);
  const auto size = std::min(most, head.size() + static_cast<size_t>(length));
  auto block = std::make_unique_for_overwrite<char[]>(size);
  std::memcpy(block.get(), head.data(), head.size());
  for (size_t used = head.size(); cursor.left() > 0; used = 0) {
    auto n = cursor.read(block.get() + used, size - used);
    if (!n) {
      body_fault = std::move(n).error();
      co_return asio::error::operation_aborted;
    }
    const ErrorCode failed = co_await write_block(block.get(), used + *n);
    if (failed) co_return failed;
  }
  co_return ErrorCode{};
}

template <bool parses_requests>
void Channel<parses_requests>::rest() {
  parser_.reset();
  buffer_.give_back();
}

template class Channel<true>;
template class Channel<false>;

}  // namespace twolane::net
