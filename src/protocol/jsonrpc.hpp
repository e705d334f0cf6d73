// SPDX-License-Identifier: Apache-2.0
// JSON-RPC 2.0 framing: one text becomes one message of views, and replies are appended to one
// string. The text is validated once, as a whole; nothing is rebuilt, ids are echoed byte for byte.
//
// Lenient in what is read: unknown members are ignored. Refused is only what leaves open what was
// meant (a member of the envelope that comes twice, an id that is neither string nor integer). What
// is refused is answered to its id, wherever that can be read (`find_id.hpp`).
//
// Functions have no state; views live as long as the text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "json/view.hpp"
#include "longhaul/raw_json.hpp"
#include "protocol/find_id.hpp"

namespace longhaul::protocol {

/// JSON-RPC 2.0 "Error object" and MCP 2026-07-28 "Error Codes". Our own codes are in
/// `longhaul/error_codes.hpp`.
namespace code {
inline constexpr int parse_error = -32700;
inline constexpr int invalid_request = -32600;
inline constexpr int method_not_found = -32601;
inline constexpr int invalid_params = -32602;
inline constexpr int internal_error = -32603;
inline constexpr int header_mismatch = -32020;
inline constexpr int missing_capability = -32021;
inline constexpr int unsupported_version = -32022;
}  // namespace code

enum class message_kind : std::uint8_t { request, notification, response };

struct message {
  message_kind kind = message_kind::notification;
  json::value id;        ///< a string or an integer; absent for notifications and null responses
  std::string method;    ///< empty for responses
  json::indexed params;  ///< an object or absent
  json::value result;    ///< of a response
  json::value error;     ///< of a response
};

/// A text that is no message, or that is not taken.
struct malformed {
  int code = code::invalid_request;
  std::string_view reason;             ///< static storage
  json::value id = {};                 ///< absent unless it could be read beyond doubt
  bool unanswerable = false;           ///< a notification or a response: it gets no answer
  std::vector<glimpse> elements = {};  ///< of an array of messages that is refused as a whole
};

/// Validates one text in place. Null if it is JSON; else why not (−32700, a byte order mark too).
/// Throws `std::bad_alloc`.
std::optional<malformed> validate_text(std::string& text);

/// Reads one envelope out of validated text. Members that may be left out may be null as well.
std::variant<message, malformed> read_message(json::value envelope);

/// A refusal of a whole text, one message or an array of them, that may be no JSON.
malformed refuse_text(std::string_view text, int code, std::string_view reason);

/// A key under which requests in flight are found: differs for 1 and "1", is the same for all
/// spellings of one id. Requires: a string or an integer.
std::string id_key(json::value id);

// --- writing

/// Begins a reply with a result; the caller appends the result and then calls `end_message`.
/// `size_hint` is the expected size of the result.
void begin_result(std::string& out, json::value id, std::size_t size_hint = 256);
void end_message(std::string& out);

/// One whole result reply.
std::string result_reply(json::value id, std::string_view result);
/// One whole error reply. An absent id leaves the member out; `data` may be empty.
std::string error_reply(json::value id, int code, std::string_view message,
                        std::string_view data = {});
/// The reply to what is malformed: one error, or an array of errors to the ids in an array. Empty:
/// nobody waits for one. `null_ids` as `error_reply_null_id`.
std::string refusal_reply(const malformed& fault, bool null_ids, std::string_view data = {});
/// One whole error reply with `"id":null`, which revisions before 2025-11-25 want for an unreadable
/// id.
std::string error_reply_null_id(int code, std::string_view message, std::string_view data = {});
/// An error reply around a whole error object.
std::string error_object_reply(json::value id, std::string_view error);
/// Begins a notification with params: the caller appends the members of `params` and closes both
/// objects with "}}".
void begin_notification(std::string& out, std::string_view method, std::size_t size_hint = 256);

}  // namespace longhaul::protocol
