// SPDX-License-Identifier: Apache-2.0
// Text of others on a terminal. Names, descriptions, messages and errors come from servers that
// anybody may have written: nothing of them reaches a terminal but through here. What is left
// moves no cursor, changes no colour, reverses no line and hides nothing.
//
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace longhaul::terminal {

/// `text` as one line that is safe to print: without escape sequences (ECMA-48), controls (C0, C1,
/// DEL), controls of direction (U+202A–202E, U+2066–2069 and their like) and other characters that
/// nobody sees (U+200B, U+FEFF, tags), with few marks on one letter. Line breaks and tabs become a
/// blank, invalid UTF-8 becomes U+FFFD.
std::string plain(std::string_view text);
/// The same, with its line breaks as `\n`; blank lines at both ends are dropped.
std::string plain_lines(std::string_view text);
/// Plain text for a terminal whose locale is not UTF-8: what is not ASCII becomes `?`, and dots,
/// dashes and quotes what they mean, but never an apostrophe: in words for a shell (`shell_word`)
/// one would end the quotes.
std::string in_ascii(std::string_view text);

/// Columns of plain text: wide characters (East Asia, emoji) have two, combining ones none.
std::size_t display_width(std::string_view text) noexcept;
/// Plain text of one line in at most `width` columns; what was longer ends with `…`.
std::string cut_to_width(std::string_view text, std::size_t width);
/// Plain text with blanks behind it, to fill `width` columns.
std::string padded(std::string text, std::size_t width);
/// Plain text in lines of at most `width` columns (at least 1), broken at blanks where there are
/// any; its own line breaks stay. No line for empty text.
std::vector<std::string> wrapped(std::string_view text, std::size_t width);
/// The same as one text: `indent` blanks before each line, `\n` behind each.
std::string paragraph(std::string_view text, std::size_t width, std::size_t indent = 0);

}  // namespace longhaul::terminal
