// SPDX-License-Identifier: Apache-2.0
#include "terminal/table.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>

#include "terminal/plain_text.hpp"
#include "terminal/styled.hpp"
#include "terminal/tunables.hpp"

namespace longhaul::terminal {
namespace {

using table_row = std::vector<std::string>;

constexpr std::size_t table_gap = 2;
constexpr std::size_t any_width = std::numeric_limits<std::size_t>::max();

// Titles and rows, plain, each with a cell for each column.
std::vector<table_row> plain_rows(const std::vector<table_column>& columns,
                                  const std::vector<table_row>& rows, const look& look) {
  std::vector<table_row> all(rows.size() + 1, table_row(columns.size()));
  for (std::size_t i = 0; i < columns.size(); ++i) {
    all[0][i] = fitted(columns[i].title, any_width, look);
  }
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (std::size_t i = 0; i < std::min(columns.size(), rows[r].size()); ++i) {
      all[r + 1][i] = fitted(rows[r][i], any_width, look);
    }
  }
  return all;
}

std::vector<std::size_t> widths_of(const std::vector<table_row>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const table_row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], display_width(row[i]));
    }
  }
  return widths;
}

void fit_last(std::vector<std::size_t>& widths, std::size_t width) {
  if (width == 0) return;
  std::size_t before = 0;
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) before += widths[i] + table_gap;
  const std::size_t room = width > before ? width - before : 0;
  widths.back() = std::min(widths.back(), std::max(room, tunables::least_last_column));
}

std::string row_text(const table_row& row, const std::vector<table_column>& columns,
                     const std::vector<std::size_t>& widths, const look& look) {
  std::string line;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const std::string cell = fitted(row[i], widths[i], look);
    const std::string blanks(widths[i] - std::min(widths[i], display_width(cell)), ' ');
    if (i != 0) line.append(table_gap, ' ');
    line += columns[i].right ? blanks + cell : cell + blanks;
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

}  // namespace

std::string table_text(const std::vector<table_column>& columns,
                       const std::vector<std::vector<std::string>>& rows, const look& look) {
  if (columns.empty()) return {};
  const std::vector<table_row> all = plain_rows(columns, rows, look);
  std::vector<std::size_t> widths = widths_of(all);
  fit_last(widths, look.width);
  std::string text;
  for (const table_row& row : all) {
    const std::string line = row_text(row, columns, widths, look);
    text += &row == &all.front() ? painted(line, tone::strong, look) : line;
    text += '\n';
  }
  return text;
}

}  // namespace longhaul::terminal
