// SPDX-License-Identifier: Apache-2.0
// Plays a golden conversation (a text file) against a `fixture_server` and compares byte for byte.
//
// A file begins with prose, up to a line of dashes. Then, a line each:
//   > {…}              a message on the pipe
//   > POST HEADERS {…} an HTTP request; HEADERS are `Name: value;` each, or one of
//                      `modern` (the headers that belong to the message), `legacy {{session:s}}`,
//                      and `as ann` (an API key); `GET` and `DELETE` likewise
//   < {…}              a message from the server: on HTTP before the final reply
//   < 200 HEADERS {…}  the final reply of an HTTP request
//   <? {…}             a message that may come here or not
//   <* 200 …           the final reply, whatever messages come before it
//   a> … and a< …      the same on a request named `a`; others may run beside it
//   ! COMMAND          see `conversation.cpp`
//   # …                a remark
// `{{kind:name}}` stands for what the server chose; the first use takes it, later ones must be the
// same. Kinds: task, session, question, state, time (any time), any (no quote in it),
// skip (anything up to what follows). `{{meta}}`, `{{meta tasks}}`, `{{meta elicit}}`,
// `{{meta sampling}}`, `{{meta all}}` and `{{meta tasks all}}` write the `_meta` that every modern
// request carries.
#pragma once

#include <string>

namespace longhaul::test {

/// Empty: it went as written. Else what did not, with the line.
std::string play_conversation(const std::string& path);

}  // namespace longhaul::test
