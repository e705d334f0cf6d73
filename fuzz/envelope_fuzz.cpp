// SPDX-License-Identifier: Apache-2.0
// Any bytes as a message. Whatever is wrong with a text, an id that can be read in it is answered:
// one that stands in front of the bytes, the one that JSON has, and none that the text does not
// have.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>

#include "json/validate.hpp"
#include "json/view.hpp"
#include "protocol/find_id.hpp"
#include "protocol/jsonrpc.hpp"

namespace {

namespace json = longhaul::json;
namespace protocol = longhaul::protocol;

void require(bool holds) {
  if (!holds) std::abort();
}

bool inside(std::string_view part, std::string_view whole) {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

bool may_be_an_id(json::value v) {
  return v.is(json::kind::string) ||
         (v.is(json::kind::number) &&
          v.raw().find_first_not_of("-0123456789") == std::string_view::npos);
}

void check_id(json::value id, std::string_view text) {
  if (!id) return;
  require(inside(id.raw(), text));
  require(may_be_an_id(id));
  std::string alone(id.raw());
  json::validate_in_place(alone);
}

/// The id that a text would be answered to; `text` is changed as the endpoints change it.
json::value answered(std::string& text, bool& is_json) {
  const auto fault = protocol::validate_text(text);
  is_json = !fault;
  if (fault) {
    for (const protocol::glimpse& one : fault->elements) check_id(one.id, text);
    (void)protocol::refusal_reply(*fault, true);
    return fault->id;
  }
  const auto read = protocol::read_message(json::value(std::string_view(text)));
  if (const auto* refused = std::get_if<protocol::malformed>(&read)) return refused->id;
  return std::get<protocol::message>(read).id;
}

/// The last member of that name, as most readers have it.
json::value last_id(json::value object) {
  json::value id;
  for (json::members m(object); m.next();) {
    if (m.key() == "id") id = m.value();
  }
  return id;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view given(reinterpret_cast<const char*>(data), size);
  bool is_json = false;

  std::string text(given);
  const json::value id = answered(text, is_json);
  check_id(id, text);
  if (is_json) {
    const json::value wanted = last_id(json::value(std::string_view(text)));
    require(may_be_an_id(wanted) ? id.raw() == wanted.raw() : !id);
    // The scanner of broken texts reads whole ones alike.
    const protocol::glimpse seen = protocol::glimpse_of(text);
    require(seen.id.raw() == id.raw());
  }

  std::string begun = R"({"jsonrpc":"2.0","id":"x",)";
  begun += given;
  const bool again = given.find("id\"") != given.npos || given.find("\\u") != given.npos;
  const json::value first = answered(begun, is_json);
  check_id(first, begun);
  require(again || first.raw() == R"("x")");
  (void)protocol::refusal_reply(
      protocol::refuse_text(begun, protocol::code::invalid_request, "this line is too long"),
      false);
  return 0;
}
