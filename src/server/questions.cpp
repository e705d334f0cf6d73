// SPDX-License-Identifier: Apache-2.0
#include "server/questions.hpp"

#include <array>
#include <string_view>

namespace longhaul::serving {
namespace {

struct kind_row {
  question_kind kind;
  std::string_view method;
  std::string_view mode;  // `params.mode`; empty: any other, and none
  bool question_modes::* declared;
};

// The first row that fits counts.
constexpr std::array<kind_row, 2> kinds = {{
    {question_kind::url, "elicitation/create", "url", &question_modes::url},
    {question_kind::form, "elicitation/create", "", &question_modes::form},
}};

const kind_row* row_of(json::value question) noexcept {
  const json::value method = question["method"], mode = question["params"]["mode"];
  for (const kind_row& row : kinds) {
    if (method.equals(row.method) && (row.mode.empty() || mode.equals(row.mode))) return &row;
  }
  return nullptr;
}

}  // namespace

std::optional<question_kind> kind_of(json::value question) noexcept {
  const kind_row* const row = row_of(question);
  return row != nullptr ? std::optional(row->kind) : std::nullopt;
}

bool may_be_asked(const question_modes& modes, json::value question) noexcept {
  const kind_row* const row = row_of(question);
  return row != nullptr && modes.*row->declared;
}

}  // namespace longhaul::serving
