// SPDX-License-Identifier: Apache-2.0
// Every number of the client that no caller sets, with its unit and its reason.
#pragma once

#include <chrono>
#include <cstddef>

namespace longhaul::remote::tunables {

using namespace std::chrono_literals;

/// Bytes that are read at once: an event of a stream is mostly smaller.
inline constexpr std::size_t read_size = std::size_t{16} << 10;
/// Head of a reply: what servers and proxies send is well below it.
inline constexpr std::size_t head_limit = std::size_t{64} << 10;
/// What is repeated of a reply that is none, in characters.
inline constexpr std::size_t shown_text = 200;
/// Redirects that are followed for one request.
inline constexpr int redirects = 5;
/// Connections that are kept open when nothing is under way.
inline constexpr std::size_t idle_connections = 8;
/// One that was idle for longer is not used again: servers and proxies close such, and a request
/// that meets the end is lost.
inline constexpr auto idle_time = 20s;
/// The same for what must not be sent twice: the shortest that servers are known to keep one open
/// is five seconds (Node, uvicorn).
inline constexpr auto surely_open = 3s;
/// Seconds of silence before a peer is asked whether it is there, between two such questions, and
/// how many of them may stay unanswered: a minute in all.
inline constexpr int keep_alive_idle = 30, keep_alive_interval = 10, keep_alive_count = 3;
/// Bytes of one header: servers refuse longer ones (8 to 16 KiB).
inline constexpr std::size_t longest_header = std::size_t{16} << 10;
/// Bytes of an event's id that is sent back, to go on behind it.
inline constexpr std::size_t longest_event_id = std::size_t{4} << 10;
/// Heads that say only that the reply is to come (HTTP 1xx).
inline constexpr int early_heads = 8;
/// From one address of a server to the next, if it has not answered (RFC 8305: 250 ms).
inline constexpr auto next_address = 250ms;
/// Requests of short replies (states of tasks, lists) that are under way at once: each needs a
/// connection.
inline constexpr std::size_t short_requests = 32;

/// From the end of a program's input to SIGTERM, and from there to SIGKILL.
inline constexpr auto end_grace = 2s;
/// What a program that has ended may have left in its pipe: the most that Linux lets a pipe hold.
inline constexpr std::size_t left_in_pipe = std::size_t{1} << 20;
/// Bytes of a line of a program's standard error that are passed on.
inline constexpr std::size_t error_line = 4096;
/// Lines of it that stand in the error of whoever waited when it ended.
inline constexpr std::size_t last_words = 10;
/// A call that may become a task is not given up before its server had so long to say so: what it
/// has made by then would run on, and nobody would know its id.
inline constexpr auto task_grace = 2s;

/// How often a task is asked for, whatever the server wishes.
inline constexpr auto shortest_poll = 200ms;
inline constexpr auto longest_poll = 15s;
/// If the server says nothing.
inline constexpr auto usual_poll = 1s;
/// Where changes are told (`subscriptions/listen`), polling is only to be sure.
inline constexpr auto poll_beside_listening = 15s;
/// How long a tool that tells of a task is asked to wait for something to tell; ours wait for 25 s
/// at most.
inline constexpr auto status_wait = 20s;

/// Pauses before something is tried again: from the first on doubled, each between a half and the
/// whole of it, so that many clients do not come at once.
inline constexpr auto first_pause = 200ms;
inline constexpr auto longest_pause = 10s;
/// A server that asks for a longer pause (`Retry-After`) is not heeded further than this.
inline constexpr auto longest_retry_after = 120s;
/// How often a request that is no following of a task is repeated: about three seconds.
inline constexpr int attempts = 4;

/// A call whose connection broke, and whose server knows idempotency keys, is sent again for so
/// long after it was last known to be under way.
inline constexpr auto repeat_time = 15s;
/// … with pauses of no more than this: its server keeps a plain call going for five seconds only.
inline constexpr auto longest_repeat_pause = 1s;

/// To tell the server of a call that is given up: the user waits for it.
inline constexpr auto farewell_time = 2s;

/// Questions and answers of one call; a server that asks on and on is cut off here.
inline constexpr int question_rounds = 100;
/// Pages of one list: a server that never ends is cut off here.
inline constexpr int list_pages = 10'000;
/// Tasks that one `subscriptions/listen` names; more are polled.
inline constexpr std::size_t listened_tasks = 256;
/// New tasks are gathered so long before the stream is opened anew.
inline constexpr auto gather_tasks = 50ms;
/// States of one call that wait for a callback which is busy; of more, the newest stays.
inline constexpr std::size_t states_behind = 64;
/// Lines and log messages that wait for callbacks which are busy; more are dropped.
inline constexpr std::size_t words_behind = 10'000;

}  // namespace longhaul::remote::tunables
