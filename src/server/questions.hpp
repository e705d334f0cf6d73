// SPDX-License-Identifier: Apache-2.0
// What a handler may ask, as it is stored (`{"method":…,"params":…}`), and whom it may ask. One
// table of kinds, in questions.cpp.
//
// Pure functions.
#pragma once

#include <cstdint>
#include <optional>

#include "json/view.hpp"
#include "longhaul/task.hpp"

namespace longhaul::serving {

enum class question_kind : std::uint8_t { form, url };

/// Which kinds of questions a caller declared that it can show.
struct question_modes {
  bool form = false;
  bool url = false;

  bool any() const noexcept { return form || url; }
};

/// The kind of a stored question; null: none that anybody could be shown.
std::optional<question_kind> kind_of(json::value question) noexcept;

/// True if a caller with these modes may be asked this.
bool may_be_asked(const question_modes& modes, json::value question) noexcept;

/// How often a question is put again whose answer does not fit, before that counts as no answer.
inline constexpr int max_rounds = 3;

}  // namespace longhaul::serving
