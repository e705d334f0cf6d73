// SPDX-License-Identifier: Apache-2.0
// Rows under titles, aligned by the columns that people see, not by bytes.
//
// Threads: pure functions.
#pragma once

#include <string>
#include <vector>

#include "terminal/console.hpp"

namespace longhaul::terminal {

struct table_column {
  std::string title;
  bool right = false;  ///< figures stand to the right
};

/// Lines with their ends: the titles, then a row each, two blanks between columns and none behind
/// the last. Cells are made plain; missing ones are empty, surplus ones are left out. The last
/// column is cut so that lines fit `look.width`, but not below ten columns; `look.width` 0: nothing
/// is cut. Columns before it are never cut: ids are there to be copied.
std::string table_text(const std::vector<table_column>& columns,
                       const std::vector<std::vector<std::string>>& rows, const look& look);

}  // namespace longhaul::terminal
