// SPDX-License-Identifier: Apache-2.0
// The cursor of `list`: the id of the last task of a page, behind a mark of our own. Callers treat
// it as opaque; what does not have this form is refused, so that a typing error is no empty page.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "longhaul/stores/task_id.hpp"

namespace longhaul::stores {

inline constexpr std::string_view cursor_mark = "c1.";

/// The cursor behind the task with this id.
inline std::string make_cursor(std::string_view last_id) {
  return std::string(cursor_mark).append(last_id);
}

/// The id inside, or null if the text is not a cursor of ours.
inline std::optional<std::string_view> parse_cursor(std::string_view cursor) noexcept {
  if (!cursor.starts_with(cursor_mark)) return std::nullopt;
  cursor.remove_prefix(cursor_mark.size());
  if (!is_task_id(cursor)) return std::nullopt;
  return cursor;
}

}  // namespace longhaul::stores
