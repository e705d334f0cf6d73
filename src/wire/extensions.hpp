// SPDX-License-Identifier: Apache-2.0
// What clients and extensions say to each other: which extensions a client declared, params without
// what the protocol adds, notifications in both directions.
//
// Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/extensions.hpp"
#include "wire/context.hpp"

namespace longhaul::wire {

/// Of those that this server has. Sessions before extensions declare them as experimental.
std::vector<std::string> declared_extensions(json::value capabilities,
                                             const serving::extensions& served);

/// The first name that it would take from the protocol itself, which goes first: of a method, of a
/// notification that the endpoint hears, of a member of the filter of `subscriptions/listen`.
/// Empty: there is none.
std::string taken_from_protocol(const extension& added);

/// The params of a message as its handler sees them: an object, without `_meta` and what belongs to
/// questions.
raw_json extension_params(json::value params);

/// A notification of an extension. `meta`: members for its `_meta`, or empty.
std::string notice_message(const serving::extension_notice& notice, std::string_view meta = {});

/// A client's notification that is none of the protocol's own.
void hear_notification(const context& shared, const serving::caller& who,
                       const message& notification);

}  // namespace longhaul::wire
