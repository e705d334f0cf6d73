// SPDX-License-Identifier: Apache-2.0
// Every number of traces that no variable sets, with its unit and its reason; those that one does
// have the defaults of OpenTelemetry.
#pragma once

#include <chrono>
#include <cstddef>

namespace longhaul::telemetry::tunables {

using namespace std::chrono_literals;

/// Spans that wait to be sent (OTEL_BSP_MAX_QUEUE_SIZE), and at most: each is about 200 bytes.
inline constexpr std::size_t queue_size = 2048;
inline constexpr std::size_t largest_queue = std::size_t{1} << 20;
/// Spans of one request (OTEL_BSP_MAX_EXPORT_BATCH_SIZE): 512 are about 400 KiB of JSON.
inline constexpr std::size_t batch_size = 512;
/// From one request to the next, if no batch is full (OTEL_BSP_SCHEDULE_DELAY).
inline constexpr std::chrono::milliseconds schedule_delay{5000};
/// … and never shorter: a delay of nothing would be a thread that never sleeps.
inline constexpr std::chrono::milliseconds shortest_delay{5};
/// One request, from its connection to the end of its reply (OTEL_EXPORTER_OTLP_TIMEOUT).
inline constexpr std::chrono::milliseconds timeout{10'000};
/// The largest number that variables can hold, and what a timeout of 0 ("no limit") means: 25 days.
inline constexpr long long largest_number = 2'147'483'647;

/// How often a batch is sent before it is dropped. With the pauses between (1, 2, 4, 8 s, each by
/// up to a half shorter) a collector may be away for about ten seconds; the queue fills meanwhile.
inline constexpr int attempts = 5;
inline constexpr std::chrono::milliseconds first_pause{1000};
inline constexpr std::chrono::milliseconds longest_pause{10'000};
/// A collector that asks for a longer pause (`Retry-After`) is not heeded further than this.
inline constexpr std::chrono::milliseconds longest_retry_after{60'000};
/// Bytes of a reply that are read: replies are an empty object, or an error in a sentence.
inline constexpr std::size_t reply_size = std::size_t{64} << 10;
/// Bytes of a collector's own words that are repeated in the log.
inline constexpr std::size_t shown_words = 200;

/// The span of a call waits so long for what is told right behind its end: that the store has
/// answered. Spans are sent far less often, so hardly one is late because of that.
inline constexpr auto settling = 100ms;
/// Children that begin so close behind the creation tell when it was: records have milliseconds.
inline constexpr auto creation_tick = 1ms;

/// Arguments of more bytes are not kept alive by spans that wait.
inline constexpr std::size_t small_arguments = 1024;
/// The same of what is kept of a call's `_meta`, but for the trace itself.
inline constexpr std::size_t small_meta = 1024;
/// The same of a JSON-RPC error: the rest of a larger one is its `data`.
inline constexpr std::size_t small_error = 2048;
/// An end that is told so soon after the record's time ended when it was told.
inline constexpr auto told_at_once = std::chrono::seconds(1);

/// Bytes of an error's message that stand in a span, and of a vendor's `tracestate` (W3C: at least
/// 512 are passed on).
inline constexpr std::size_t longest_message = 1024;
inline constexpr std::size_t longest_state = 512;

/// Bytes of a span as JSON, for room that is made before.
inline constexpr std::size_t usual_span = 640;

/// Once the grace is over, how long the thread may take to let go; a name that is being looked up
/// cannot be interrupted, and is left to itself.
inline constexpr std::chrono::milliseconds letting_go{1000};

}  // namespace longhaul::telemetry::tunables
