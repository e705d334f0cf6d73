// SPDX-License-Identifier: Apache-2.0
// Messages of a client of the kit, as text, and what is read of those of the server.
//
// Pure functions.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/messages.hpp"
#include "longhaul/raw_json.hpp"
#include "longhaul/testing/client.hpp"

namespace longhaul::testkit {

using remote::answer_text;
using remote::copy_of;
using remote::header_value;
using remote::member_list;
using remote::message_text;
using remote::quoted;
using remote::result_of_answer;
using remote::text_of_answer;
using remote::with_members;
using remote::with_meta;

/// The capabilities that a client of these options declares, as members of an object.
std::string capabilities_of(const client_options& options, bool tasks);
rpc_error read_error(const raw_json& error);
/// A task in either spelling.
task_state read_task(const raw_json& task);
/// `{"key":{"method":…,"params":…}}`.
std::vector<open_question> read_questions(const raw_json& input_requests);

}  // namespace longhaul::testkit
