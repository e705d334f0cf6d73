// SPDX-License-Identifier: Apache-2.0
// Why a request is refused, in the words and with the code of its revision: one table for what the
// server refuses, and the errors of the envelope.
//
// Pure functions.
#pragma once

#include <string_view>

#include "protocol/jsonrpc.hpp"
#include "server/requests.hpp"
#include "wire/context.hpp"

namespace longhaul::wire {

/// Status of an error reply on HTTP.
int status_of(const revision_look& look, int error_code) noexcept;
/// An error reply with its status. `data` may be empty.
wire_reply error(const revision_look& look, json::value id, int error_code,
                 std::string_view message, std::string_view data = {});
wire_reply error(const incoming& request, int error_code, std::string_view message,
                 std::string_view data = {});
wire_reply invalid_params(const incoming& request, std::string_view message);

/// The reply to what the server refuses. `data`: of the error, where the refusal has none itself.
wire_reply refuse(const revision_look& look, json::value id, const serving::refused& why,
                  std::string_view data = {});
wire_reply refuse(const incoming& request, const serving::refused& why, std::string_view data = {});
/// 31004 ("busy"): a bound is reached, or the server stops.
wire_reply busy(const revision_look& look, json::value id, std::string message,
                std::chrono::milliseconds retry_after);
wire_reply stopping(const revision_look& look, json::value id);

/// A reply that needs no waiting.
awaitable<wire_reply> at_once(wire_reply reply);

/// −32021: this request needs the tasks extension and does not declare it.
wire_reply missing_extension(const incoming& request, std::string_view extension);
wire_reply missing_extension(const revision_look& look, json::value id, std::string_view extension);
/// −32022 with what is supported and what was asked for.
wire_reply unsupported_version(json::value id, json::value requested);
/// −32601. A client of the other era finds here what it may speak.
wire_reply method_not_found(const incoming& request);

/// The reply to a request whose id could not be opened: −32600 if it is in use, else busy.
wire_reply refuse_to_open(const revision_look& look, const message& request, opening why);
/// The refusal of a text whose handling failed, to whatever ids can be found in it: busy if there
/// was no memory, with `busy_data`, else −32603.
malformed refuse_failure(std::string_view text, bool no_memory);
std::string busy_data();

}  // namespace longhaul::wire
