// SPDX-License-Identifier: Apache-2.0
// The body of a POST: a JSON object with members that are known, or nothing.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "json/view.hpp"

namespace longhaul::operating {

class request_body {
 public:
  /// `text` must outlive it. Throws `api_error` (400) for what is no JSON object, or has another
  /// member.
  request_body(const std::string& text, std::initializer_list<std::string_view> members);

  json::value operator[](std::string_view name) const { return whole_[name]; }
  /// Empty if it is absent or null. Throws `api_error` (400) if it is no string.
  std::string text(std::string_view name) const;

 private:
  json::value whole_;
};

}  // namespace longhaul::operating
