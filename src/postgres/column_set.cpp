// SPDX-License-Identifier: Apache-2.0
#include "postgres/column_set.hpp"

namespace longhaul::postgres {

std::string column_set::list(std::string_view before) const {
  std::string text;
  for (const std::string& name : names_) {
    text.append(text.empty() ? "" : ", ").append(before).append(name);
  }
  return text;
}

std::string column_set::as_table(std::string_view name, std::size_t first) const {
  std::string text = "unnest(";
  for (std::size_t i = 0; i < names_.size(); ++i) {
    text.append(i == 0 ? "$" : ", $").append(std::to_string(first + i));
  }
  return text.append(") AS ").append(name).append(" (").append(list()).append(")");
}

}  // namespace longhaul::postgres
