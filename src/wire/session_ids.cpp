// SPDX-License-Identifier: Apache-2.0
// Inside: boot, time, modes, revision, owner, then the extensions, each with its length in front.
#include "wire/session_ids.hpp"

#include "base/digest.hpp"

namespace longhaul::wire {
namespace {

// Above what `make` writes: extensions are names.
constexpr std::size_t longest = 8192;

}  // namespace

session_ids::session_ids(std::span<const std::string> secrets)
    : sealer_(secrets, "longhaul session 1") {}

std::string session_ids::mark_of(std::string_view owner) { return in_hex(sha256(owner), 16); }

std::string session_ids::make(const session_facts& facts) const {
  field_writer out;
  out.number(facts.boot);
  out.number(static_cast<std::uint64_t>(facts.begun.time_since_epoch().count()));
  out.number(facts.modes.bits());
  out.text(to_string(facts.version));
  out.text(facts.owner);
  for (const std::string& one : facts.extensions) out.text(one);
  return sealer_.seal(out.written());
}

std::optional<session_facts> session_ids::read(std::string_view id) const {
  const auto plain = sealer_.open(id, longest);
  if (!plain) return std::nullopt;
  field_reader from(*plain);
  session_facts facts;
  facts.boot = from.number();
  facts.begun = timestamp(milliseconds(static_cast<std::int64_t>(from.number())));
  facts.modes = serving::question_modes::of_bits(static_cast<std::uint8_t>(from.number()));
  const auto version = served_legacy(from.text());
  facts.owner = from.text();
  while (from.good() && !from.at_end()) facts.extensions.push_back(from.text());
  if (!from.good() || !version) return std::nullopt;
  facts.version = *version;
  return facts;
}

}  // namespace longhaul::wire
