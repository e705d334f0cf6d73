// SPDX-License-Identifier: Apache-2.0
// The patterns of a schema that was written by hand.
#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>
#include <string_view>

#include "json/view.hpp"
#include "typed/ecma_pattern.hpp"

namespace longhaul::detail {
namespace {

// Walks to every place of a schema where a schema stands.
class schema_walker {
 public:
  void schema(json::value at) {
    for (json::members m(at); m.next();) {
      const std::string key(m.key());
      const std::size_t length = path_.size();
      path_ += (path_.empty() ? "" : ".") + key;
      member(key, m.value());
      path_.resize(length);
    }
  }

 private:
  void member(std::string_view key, json::value v) {
    constexpr std::array<std::string_view, 5> named{"properties", "patternProperties", "$defs",
                                                    "definitions", "dependentSchemas"};
    constexpr std::array<std::string_view, 16> nested{"items",
                                                      "prefixItems",
                                                      "additionalItems",
                                                      "unevaluatedItems",
                                                      "contains",
                                                      "additionalProperties",
                                                      "propertyNames",
                                                      "unevaluatedProperties",
                                                      "allOf",
                                                      "anyOf",
                                                      "oneOf",
                                                      "not",
                                                      "if",
                                                      "then",
                                                      "else",
                                                      "contentSchema"};
    if (key == "pattern") {
      if (const auto text = v.string()) check(*text);
    } else if (std::ranges::find(named, key) != named.end()) {
      for (json::members m(v); m.next();) {
        const std::size_t length = path_.size();
        path_ += "." + std::string(m.key());
        if (key == "patternProperties") check(std::string(m.key()));
        schema(m.value());
        path_.resize(length);
      }
    } else if (std::ranges::find(nested, key) != nested.end()) {
      schema(v);
      for (json::elements e(v); e.next();) schema(e.value());
    }
  }

  void check(const std::string& pattern) const {
    const auto checked = check_pattern(pattern);
    if (!checked.compiled) {
      throw std::invalid_argument(path_ + ": the pattern " + checked.fault);
    }
  }

  std::string path_;
};

}  // namespace

void check_patterns_of(const raw_json& schema) { schema_walker().schema(json::value(schema)); }

}  // namespace longhaul::detail
