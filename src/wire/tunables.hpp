// SPDX-License-Identifier: Apache-2.0
// Every number of the wire that somebody may want to change, with its unit and its reason.
#pragma once

#include <chrono>
#include <cstddef>

namespace longhaul::wire::tunables {

using namespace std::chrono_literals;

/// A session unused so long is ended; clients then begin a new one by themselves.
inline constexpr auto session_idle = 1h;
/// When all places are taken, a session unused so long is lost to a new one.
inline constexpr auto may_lose_after = 60s;
/// A session of another process, or of this one before it was started again, is taken up so long
/// after its beginning. A host that stays open over days begins a new one then.
inline constexpr auto session_restored_within = 7 * 24h;
/// Restored sessions that their client ended here are remembered: it hardly asks for them again.
inline constexpr std::size_t ended_sessions = 1024;
/// `notifications/initialized` follows within milliseconds, unless another process gets it.
inline constexpr auto initialized_unheard = 2s;
/// Requests of one session, or one pipe, without a reply: a host has a handful.
inline constexpr std::size_t open_requests_per_session = 1024;
/// Pings and cancellations that are taken beyond that: they end at once.
inline constexpr std::size_t urgent_requests = 64;
/// Questions that wait for `notifications/initialized`: it is overtaken by milliseconds.
inline constexpr std::size_t held_messages = 64;
/// Tasks of a session whose last progress figure is remembered.
inline constexpr std::size_t progress_memory = 1024;

/// What a session keeps of what it sent, for streams that are taken up again: as many events, each
/// with what it costs beside its bytes, and as many bytes. A result that waits for its client to
/// come back fits, if it is one that a model reads.
inline constexpr std::size_t kept_events = 1024;
inline constexpr std::size_t kept_event_bytes = 8 << 20;  // bytes
inline constexpr std::size_t event_cost = 160;            // bytes
/// … and all sessions together: a part of what tasks may take up.
inline constexpr std::size_t all_event_bytes = 128 << 20;  // bytes
/// Sessions of a pipe before its present one whose tasks may still ask: a proxy begins one for each
/// of its clients.
inline constexpr std::size_t earlier_sessions = 16;
/// GET streams of one session that are open, and that are closed and may be taken up again: a host
/// has one; a window each in a browser, a few.
inline constexpr std::size_t listening_streams = 8;
inline constexpr std::size_t left_streams = 8;
/// Questions of one session without an answer: as many as handlers may wait by default.
inline constexpr std::size_t open_questions = 256;
/// Answered ones that are remembered while others may still ask them: they look within
/// milliseconds.
inline constexpr std::size_t settled_questions = 64;
/// Tasks of one session, the newest, that its GET streams tell of.
inline constexpr std::size_t session_tasks = 256;
/// When a client may come again whose stream the server closes: at once, but not in a loop.
inline constexpr auto stream_retry = 1s;

/// Tasks that one subscription follows.
inline constexpr std::size_t followed_tasks = 1024;
/// Resources whose changes one session, or one subscription, hears of.
inline constexpr std::size_t watched_resources = 1024;
/// Bytes of their addresses, and of all that one subscription names: a hundred each. They are kept
/// as long as it is open, and what is acknowledged names them again.
inline constexpr std::size_t watched_bytes = 128 << 10;
/// Answers in one `inputResponses`: a form a screen, a screen a question.
inline constexpr std::size_t responses = 256;
/// Bytes that are kept of a client's words where it answers with an error: a line for the log, or
/// for a model.
inline constexpr std::size_t refusal_words = 500;
/// How long the state of a call that waits for answers may be presented: people answer slowly.
inline constexpr auto request_state_lifetime = 24h;
/// Least length of an idempotency key of an unidentified caller (128 bits in base64), because
/// whoever guesses it gets the task; and the most anybody needs.
inline constexpr std::size_t anonymous_key_length = 22;
inline constexpr std::size_t idempotency_key_length = 256;

/// The longest retention that a client can name, in milliseconds: beyond what any server grants,
/// and exact as a double.
inline constexpr double longest_ttl_ms = 9e15;

/// Bytes of a call's `_meta` that its task keeps: what baggage alone may have by its specification.
inline constexpr std::size_t kept_meta = 8192;

/// What a pipe whose reader is slow is told to wait.
inline constexpr auto crowded_retry_after = 1s;
/// Freshness of what does not change while the server runs; a restart may change it.
inline constexpr auto list_ttl = 5min;
/// What a caller is told to wait when the server stops.
inline constexpr auto restart_retry_after = 5s;

}  // namespace longhaul::wire::tunables
