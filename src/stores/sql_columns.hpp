// SPDX-License-Identifier: Apache-2.0
// What stores that speak SQL say alike: the columns of a record in a SELECT, and how much of a
// large task is read.
//
// Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "longhaul/stores/bounds.hpp"

namespace longhaul::stores {

/// How much of a large task is read; what is left out makes it `abridged`.
enum class detail : std::uint8_t {
  whole,
  state,  ///< without arguments and metadata
  line    ///< without the result either: for lists
};
/// Tasks that take up more are read in part by who does not want all of them.
inline constexpr std::size_t large_task = rules::task_overhead + 4 * rules::small_payload;

/// Names in the order of a visit (`record_fields.hpp`).
struct column_names {
  std::vector<std::string_view> all;

  template <class Member>
  void operator()(std::string_view name, const Member&) {
    all.push_back(name);
  }
};

/// ", t.id, …, s.rev, …": the columns of a record in the order origin, visibility, state, end, from
/// the tables `t` (tasks) and `s` (states, which has the size of the whole as `bytes`).
std::string record_columns(detail wanted);

}  // namespace longhaul::stores
