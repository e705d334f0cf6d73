// SPDX-License-Identifier: Apache-2.0
// Every bound of the transports, with its unit and its reason.
#pragma once

#include <chrono>
#include <cstddef>

namespace longhaul::transport::tunables {

using namespace std::chrono_literals;

/// A message of a host: arguments of a tool. Larger data belongs into files and resources.
inline constexpr std::size_t max_body = 4 << 20;  // bytes
/// Request line and headers together; browsers and proxies stay below 8 KiB.
inline constexpr std::size_t max_header = 16 << 10;  // bytes
/// Each costs a descriptor and about 10 KiB.
inline constexpr std::size_t max_connections = 10'000;
/// A slow sender holds a connection no longer than this.
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
/// First read of a connection; grows with the message.
inline constexpr std::size_t read_chunk = 8 << 10;  // bytes
/// Replies up to this size are copied behind their head, so that they leave in one plain write.
inline constexpr std::size_t copied_body = 8 << 10;  // bytes
/// After a request that was not read to its end, bytes are taken and dropped for this long and to
/// this size, so that the client gets to read the reply.
inline constexpr auto linger_time = 2s;
inline constexpr std::size_t linger_bytes = 16 << 20;  // bytes
/// Pause after an accept that failed for want of descriptors.
inline constexpr auto accept_pause = 100ms;

/// Messages of one pipe that are dealt with at once; reading pauses beyond.
inline constexpr std::size_t pipe_in_flight = 1024;
/// Bytes waiting for the reader of a pipe: reading pauses beyond, notifications are refused.
inline constexpr std::size_t pipe_buffer = 8 << 20;

}  // namespace longhaul::transport::tunables
