// SPDX-License-Identifier: Apache-2.0
// Writes the result of one request, member by member, with what its revision wants around it.
#pragma once

#include <cstddef>
#include <string_view>

#include "json/write.hpp"
#include "wire/context.hpp"

namespace longhaul::wire {

class result_writer {
 public:
  /// `kind`: what a stateless revision calls this result (`resultType`). `size_hint`: of its
  /// members. `request` must outlive it.
  result_writer(const context& shared, const incoming& request, std::size_t size_hint = 256,
                std::string_view kind = "complete");
  result_writer(const result_writer&) = delete;
  result_writer& operator=(const result_writer&) = delete;

  json::object& members() noexcept { return members_; }
  /// How long the result stays fresh, and for whom, where the revision says such things.
  void caching(milliseconds fresh, bool for_everybody);
  /// Ends it. Once.
  wire_reply end();

 private:
  const context& shared_;
  const incoming& request_;
  wire_reply reply_;
  json::object members_;
};

/// A result without members.
wire_reply empty_result(const context& shared, const incoming& request);

}  // namespace longhaul::wire
