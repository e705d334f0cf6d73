// SPDX-License-Identifier: Apache-2.0
// Every bound of the transports, with its unit and its reason.
#pragma once

#include <chrono>
#include <cstddef>

namespace longhaul::transport::tunables {

using namespace std::chrono_literals;

/// A message of a host: arguments of a tool. Larger data belongs into files and resources.
inline constexpr std::size_t max_body = 4 << 20;  // bytes
/// What the bodies of requests that wait for their replies hold together: a plain call or a
/// subscription holds its own for hours.
inline constexpr std::size_t open_body_memory = 128 << 20;  // bytes
/// Bodies up to this size still find room when large ones find none.
inline constexpr std::size_t small_body = 64 << 10;  // bytes
/// Room behind a body: simdjson wants it, and then the body need not be copied for parsing.
inline constexpr std::size_t body_padding = 64;  // bytes
/// A body that is announced as larger is not believed before its bytes come.
inline constexpr std::size_t believed_body = 16 << 10;  // bytes
/// Request line and headers together; browsers and proxies stay below 8 KiB. Chunk extensions and
/// trailers of one request together may come to as much.
inline constexpr std::size_t max_header = 16 << 10;  // bytes
/// Headers that mirror parameters: no tool mirrors as many.
inline constexpr std::size_t mirrored_headers = 128;
/// Each costs a descriptor and about 6 KiB while it is idle.
inline constexpr std::size_t max_connections = 10'000;
/// A slow sender holds a connection no longer than this; TLS has the time of a head to shake hands.
inline constexpr auto head_time = 10s;
inline constexpr auto body_time = 30s;
/// Longer than the 60 s that proxies keep idle connections: they should close first.
inline constexpr auto idle_time = 75s;
/// A peer that takes nothing for this long is gone.
inline constexpr auto write_stall_time = 30s;
/// Proxies cut silent streams after 30 to 60 s.
inline constexpr auto keep_alive_comment = 15s;
/// How often time-outs and keep-alives are looked at: they are exact to this.
inline constexpr auto sweep_interval = 1s;
/// What one stream may hold back for a slow reader; beyond it notifications are refused, and the
/// sender coalesces them.
inline constexpr std::size_t stream_buffer = 1 << 20;  // bytes
/// Bytes that a client may send ahead while its request waits.
inline constexpr std::size_t pipelined_ahead = 64 << 10;  // bytes
/// Room for one read: an idle connection holds it, and most requests fit.
inline constexpr std::size_t head_chunk = 4 << 10;   // bytes
inline constexpr std::size_t body_chunk = 16 << 10;  // bytes
/// Reads of one connection that find something at once, before the others of its loop get a turn.
inline constexpr int reads_in_a_row = 16;
/// What a buffer may keep between requests; what has grown beyond is given back.
inline constexpr std::size_t kept_buffer = 2 << 10;  // bytes
/// Replies up to this size are copied behind their head, so that they leave in one plain write.
inline constexpr std::size_t copied_body = 8 << 10;  // bytes
/// A refused request's body up to this size is taken and dropped, and the connection goes on.
inline constexpr std::size_t dropped_body = 64 << 10;  // bytes
/// Of a request that was refused and is not read to its end, bytes are taken and dropped for this
/// long and to this size, so that the client gets to read the reply.
inline constexpr auto linger_time = 2s;
inline constexpr std::size_t linger_bytes = 16 << 20;  // bytes
/// Pause after an accept that failed for want of descriptors.
inline constexpr auto accept_pause = 100ms;
/// Sweeps without a trouble after which it counts as over.
inline constexpr int calm_sweeps = 10;
/// How long a browser may remember what it was told before a request of a page: the longest that
/// browsers take.
inline constexpr auto preflight_age = 2h;
/// When a client may try again that found no room.
inline constexpr auto retry_after = 1s;

/// Room for one read of a pipe: what Linux keeps in one.
inline constexpr std::size_t pipe_chunk = 64 << 10;  // bytes
/// Messages of one pipe that are dealt with at once. Calls are refused before (the wire's bound of
/// open requests), so the rest ends without the host, and reading pauses for moments only.
inline constexpr std::size_t pipe_in_flight = 4096;
/// Bytes of messages that are dealt with: calls are refused beyond; reading pauses beyond twice as
/// many, which only what ends by itself can reach.
inline constexpr std::size_t pipe_in_flight_bytes = 64 << 20;  // bytes
/// Bytes waiting for the reader of a pipe: notifications and calls are refused beyond.
inline constexpr std::size_t pipe_buffer = 8 << 20;  // bytes
/// What a host may still send while it has that much to read, before its pipe is ended: bytes of
/// lines, each with what an answer costs.
inline constexpr std::size_t pipe_overrun = 8 << 20;  // bytes
inline constexpr std::size_t pipe_answer = 256;       // bytes
/// A call that is this young when the input ends may still be answered: `echo … | server` reads.
inline constexpr auto pipe_answer_time = 400ms;
/// How long the rest of an ending pipe may take: cancelled calls to end, and, each time, the reader
/// to take something. Hosts send SIGTERM after two seconds.
inline constexpr auto pipe_end_time = 500ms;
/// The same after a signal, or of a pipe that is broken.
inline constexpr auto pipe_hurry_time = 100ms;
/// Of a line that is too long, what is kept to find its id in.
inline constexpr std::size_t kept_of_long_line = 4 << 10;  // bytes

}  // namespace longhaul::transport::tunables
