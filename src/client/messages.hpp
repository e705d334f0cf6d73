// SPDX-License-Identifier: Apache-2.0
// Messages of a client, as text.
//
// Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "json/view.hpp"
#include "longhaul/question.hpp"
#include "longhaul/raw_json.hpp"

namespace longhaul::remote {

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

/// Absent stays absent.
raw_json copy_of(json::value value);

}  // namespace longhaul::remote
