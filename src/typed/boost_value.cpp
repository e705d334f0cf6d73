// SPDX-License-Identifier: Apache-2.0
#include "typed/boost_value.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/string.hpp>
#include <charconv>
#include <cstdint>
#include <string_view>

#include "json/write.hpp"
#include "typed/numbers.hpp"

namespace longhaul::detail {
namespace {

std::string_view view(const boost::json::string_view text) { return {text.data(), text.size()}; }

}  // namespace

boost::json::value to_boost(json::value v) {
  switch (v.type()) {
    case json::kind::absent:
    case json::kind::null:
      return nullptr;
    case json::kind::boolean:
      return *v.boolean();
    case json::kind::string:
      return boost::json::string(*v.string());
    case json::kind::number:
      break;
    case json::kind::array: {
      boost::json::array all;
      for (json::elements e(v); e.next();) all.push_back(to_boost(e.value()));
      return all;
    }
    case json::kind::object: {
      boost::json::object all;
      for (json::members m(v); m.next();) {
        all.insert_or_assign({m.key().data(), m.key().size()}, to_boost(m.value()));
      }
      return all;
    }
  }
  if (const auto integer = v.integer()) return *integer;
  std::uint64_t large = 0;
  const char* end = v.raw().data() + v.raw().size();
  const auto [stop, error] = std::from_chars(v.raw().data(), end, large);
  if (error == std::errc() && stop == end) return large;
  return v.number().value_or(0);
}

void append_boost(std::string& out, const boost::json::value& value) {
  namespace bj = boost::json;
  switch (value.kind()) {
    case bj::kind::null:
      out += "null";
      return;
    case bj::kind::bool_:
      out += value.get_bool() ? "true" : "false";
      return;
    case bj::kind::int64:
      json::append_number(out, std::int64_t{value.get_int64()});
      return;
    case bj::kind::uint64:
      out += std::to_string(value.get_uint64());
      return;
    case bj::kind::double_:
      append_finite(out, value.get_double());
      return;
    case bj::kind::string:
      json::append_string(out, view(value.get_string()));
      return;
    case bj::kind::array: {
      char before = '[';
      for (const bj::value& one : value.get_array()) {
        out += before;
        before = ',';
        append_boost(out, one);
      }
      out += before == '[' ? "[]" : "]";
      return;
    }
    case bj::kind::object: {
      json::object o(out);
      for (const auto& [key, one] : value.get_object()) append_boost(o.key(view(key)), one);
      o.close();
      return;
    }
  }
}

}  // namespace longhaul::detail
