// SPDX-License-Identifier: Apache-2.0
// What is known about programs that run program text, or other programs, or read a language of
// their own: tables, to be extended when a new one is met.
#pragma once

#include <string>
#include <string_view>

namespace longhaul::command {

/// An interpreter, and where its program text stands.
struct interpreter {
  std::string_view names;         ///< blanks around each
  std::string_view text;          ///< letters whose argument is the text, behind them or next
  std::string_view words;         ///< the same as long options (or verbs), blanks around each
  std::string_view arguments;     ///< letters that take another argument, behind them or next
  std::string_view program = {};  ///< letters behind which a program of its own follows
  bool text_attached = true;      ///< `-eTEXT` is possible
  bool text_is_first = false;  ///< without those, the first argument that is no option is the text
  bool anywhere = false;       ///< options may stand behind other arguments
  std::string_view instead;    ///< how a value is passed instead
  std::string_view long_arguments = {};  ///< long options whose argument is the next word
  bool behind_first = false;  ///< the text option stands behind the first argument, or nowhere
};

/// Null: it is none.
const interpreter* interpreter_called(std::string_view name);
/// Its arguments name a program that it starts.
bool starts_others(std::string_view name);
/// Its arguments are a language of their own, in which the same characters mean something.
bool has_own_language(std::string_view name);

}  // namespace longhaul::command
