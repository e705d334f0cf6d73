// SPDX-License-Identifier: Apache-2.0
// Inside: expiry, rev, hash of the arguments, then task, owner and tool, and answers if there are
// any, each with its length in front.
#include "wire/request_state.hpp"

#include <cstring>

namespace longhaul::wire {
namespace {

// Far above what `seal` can make: a few names, and the answers that travel
// (`serving::tunables::travelling_answers`).
constexpr std::size_t longest = std::size_t{256} * 1024;

std::optional<call_state> from_bytes(std::string_view bytes) {
  field_reader from(bytes);
  call_state state;
  state.expires = timestamp(milliseconds(static_cast<std::int64_t>(from.number())));
  state.rev = from.number();
  const auto hash = from.bytes(state.arguments.size());
  if (!from.good()) return std::nullopt;
  std::memcpy(state.arguments.data(), hash.data(), hash.size());
  state.task = from.text();
  state.owner = from.text();
  state.tool = from.text();
  if (from.good() && !from.at_end()) state.answers = from.text();
  if (!from.good() || !from.at_end()) return std::nullopt;
  return state;
}

}  // namespace

state_sealer::state_sealer(std::span<const std::string> secrets)
    : sealer_(secrets, "longhaul call state 1") {}

std::string state_sealer::seal(const call_state& state) const {
  field_writer out;
  out.number(static_cast<std::uint64_t>(state.expires.time_since_epoch().count()));
  out.number(state.rev);
  out.bytes({reinterpret_cast<const char*>(state.arguments.data()), state.arguments.size()});
  out.text(state.task);
  out.text(state.owner);
  out.text(state.tool);
  if (!state.answers.empty()) out.text(state.answers);
  return sealer_.seal(out.written());
}

std::optional<call_state> state_sealer::open(std::string_view text) const {
  const auto plain = sealer_.open(text, longest);
  return plain ? from_bytes(*plain) : std::nullopt;
}

}  // namespace longhaul::wire
