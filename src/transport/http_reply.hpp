// SPDX-License-Identifier: Apache-2.0
// HTTP replies as bytes: heads, server-sent events, chunks. Appends to a string of the caller.
#pragma once

#include <string>
#include <string_view>

#include "wire/endpoint.hpp"

namespace longhaul::transport {

/// Status line and headers for a reply with this body; the body itself is not appended.
/// `date` is an HTTP date, `lines` are more headers, each with its line break.
void append_head(std::string& out, const wire::http_reply& reply, bool keep_alive,
                 std::string_view date, std::string_view lines);
/// Status line and headers of an event stream.
void append_stream_head(std::string& out, bool keep_alive, bool chunked, std::string_view date,
                        std::string_view lines);
/// One event with this message (no line breaks in it), as a chunk if `chunked`. An empty id: none.
void append_event(std::string& out, std::string_view id, std::string_view message, bool chunked);
/// The same of an event that may carry no message.
void append_event(std::string& out, const wire::stream_event& event, bool chunked);
void append_comment(std::string& out, bool chunked);
/// A reply of ours: a JSON-RPC error without id, with the words that tell what to do.
wire::http_reply error_reply(int status, std::string_view message);
/// The present time as an HTTP date.
std::string http_date();

}  // namespace longhaul::transport
