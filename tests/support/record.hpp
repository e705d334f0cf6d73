// SPDX-License-Identifier: Apache-2.0
// Keeps what went over the wire in a test, so that scripts/check-schema.mjs can hold every message
// against the schema of its revision. Only where LONGHAUL_WIRE_RECORD names a folder; from any
// thread. A record is a line `KIND EXCHANGE REVISION SESSION TEST BYTES`, that many bytes, and a
// line's end; "-" stands for what there is not.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace longhaul::test {

/// A number for one request and what answers it; 0 is for lines on a pipe.
std::uint64_t new_exchange();

/// What a client sends: its body, and the headers that say which revision and session it belongs
/// to.
void record_sent(std::uint64_t exchange, std::string_view revision, std::string_view session,
                 std::string_view body);

/// What the server sends back, and the session that it begins.
void record_received(std::uint64_t exchange, std::string_view session, std::string_view text);

/// One exchange over HTTP, as it went over the connection: a POST, and what came back so far.
void record_http(std::string_view request, std::string_view reply);

/// The value of a header as our server writes it; empty: there is none.
std::string header_of(std::string_view head, std::string_view name);

}  // namespace longhaul::test
