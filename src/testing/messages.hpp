// SPDX-License-Identifier: Apache-2.0
// Messages of a client, as text, and what is read of those of the server.
//
// Pure functions.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "longhaul/raw_json.hpp"
#include "longhaul/testing/client.hpp"

namespace longhaul::testkit {

/// Members of an object, as bytes.
using member_list = std::vector<std::pair<std::string, std::string>>;

/// `{"jsonrpc":"2.0","id":…,"method":…,"params":…}`; without an id (0) a notification. `params` may
/// be absent, and is left out then.
std::string message_text(std::uint64_t id, std::string_view method, const raw_json& params);
/// An object with `more` behind the members of `object` (an object, or absent); what it has already
/// stays as it is. Throws `std::invalid_argument` if it is something else.
raw_json with_members(const raw_json& object, const member_list& more);
/// The same of its member `_meta`.
raw_json with_meta(const raw_json& params, const member_list& more);

/// The capabilities that a client of these options declares, as members of an object.
std::string capabilities_of(const client_options& options, bool tasks);
/// The result that says this: `ElicitResult`, `CreateMessageResult`, `ListRootsResult`; of a
/// refusal the error instead. Throws `std::logic_error` for an answer of another kind.
struct answer_text {
  std::string result = {};
  std::string error = {};  ///< empty: it is a result
};
answer_text text_of_answer(std::string_view method, const question_reply& given);
/// The same where there is no way to refuse a question with an error, which throws
/// `std::logic_error`.
std::string result_of_answer(std::string_view method, const question_reply& given);

std::string quoted(std::string_view text);
/// A header value: encoded as `=?base64?…?=` where it holds what headers cannot.
std::string header_value(std::string_view text);

rpc_error read_error(const raw_json& error);
/// A task in either spelling.
task_state read_task(const raw_json& task);
/// `{"key":{"method":…,"params":…}}`.
std::vector<open_question> read_questions(const raw_json& input_requests);

}  // namespace longhaul::testkit
