// SPDX-License-Identifier: Apache-2.0
// A form (MCP "Elicitation", mode `form`), asked on a console or answered by words given before.
//
// Threads: as the console.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "longhaul/elicitation.hpp"
#include "longhaul/raw_json.hpp"
#include "terminal/arguments.hpp"
#include "terminal/console.hpp"

namespace longhaul::terminal {

/// Why the form must not be answered: the member that asks for a secret, told to a person; plain.
/// Empty: it may be. `params` are those of `elicitation/create`.
std::string form_refusal(const raw_json& params);

/// Asks member by member until each fits; those in `given`, an object, are not asked for. Declines
/// a form that `form_refusal` refuses, and says why. Cancels when no more input comes. Blocks.
answer ask_form(console& at, const raw_json& params, const raw_json& given = {});

/// What the words of `--answer` say to a form.
struct form_words {
  raw_json content;                  ///< the members that they give; an object
  std::vector<std::size_t> used;     ///< places of the words that name a member, or are `@file`
  std::vector<std::string> missing;  ///< required members that they do not give, without a default
};
/// Typed by the form's schema, with the rules of `read_arguments`. Words for other members are left
/// alone: they may be for another form. Throws `argument_error` if a value does not fit, and where
/// `form_refusal` refuses the form.
form_words read_form_words(const raw_json& params, std::span<const std::string> words,
                           const text_source& source = read_argument_file);

/// The answer of the words alone, with the defaults of members that they do not give. Throws
/// `argument_error` that names what is missing.
answer answer_of_words(const raw_json& params, const form_words& given);

}  // namespace longhaul::terminal
