// The names of Boost.Asio as this room uses them: everywhere with the concrete executor of one
// event loop, and with errors as values.
//
// Not for other rooms' headers: it is heavy.
#pragma once

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <chrono>
#include <cstddef>
#include <tuple>

#include "base/time.h"

// GCC 12 takes the frames of Asio's coroutines for mismatched once it has inlined them.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace twolane::net {

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;

using ErrorCode = boost::system::error_code;
using Clock = std::chrono::steady_clock;
using Executor = asio::io_context::executor_type;
using Tcp = asio::ip::tcp;
using Socket = asio::basic_stream_socket<Tcp, Executor>;
using Acceptor = asio::basic_socket_acceptor<Tcp, Executor>;
using Resolver = asio::ip::basic_resolver<Tcp, Executor>;
using Alarm = asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, Executor>;

// GCC 12 destroys some temporaries of a full expression with co_await twice (lambdas with captures
// among them): here arguments with destructors are named before the call.
template <class T>
using Awaitable = asio::awaitable<T, Executor>;

// Operations with this token are awaited as (error code, results...).
inline const auto as_result = asio::as_tuple(asio::use_awaitable_t<Executor>{});
using IoResult = std::tuple<ErrorCode, size_t>;

inline std::chrono::milliseconds real(Duration d) { return std::chrono::milliseconds(d.ms); }

}  // namespace twolane::net
