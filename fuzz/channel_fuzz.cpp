// SPDX-License-Identifier: Apache-2.0
// Any bytes a program may write to its server. The first byte says how the rest is cut: lines must
// not depend on the cuts, and every line must be a message or a fault that can be sent back.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "command/channel.hpp"
#include "json/validate.hpp"

namespace {

namespace command = longhaul::command;

// Small, so that the fuzzer reaches it.
constexpr std::size_t longest = 512;

void require(bool holds) {
  if (!holds) std::abort();
}

using lines = std::vector<std::optional<std::string>>;

lines split(std::string_view bytes, std::size_t first, std::size_t then) {
  command::line_splitter splitter(longest);
  lines all;
  const auto add = [&](std::optional<std::string_view> line) {
    require(!line || (!line->empty() && line->size() <= longest &&
                      line->find('\n') == std::string_view::npos));
    all.push_back(line ? std::optional<std::string>(*line) : std::nullopt);
  };
  splitter.feed(bytes.substr(0, first), add);
  for (std::size_t at = first; at < bytes.size(); at += then) {
    splitter.feed(bytes.substr(at, then), add);
  }
  splitter.finish(add);
  return all;
}

void require_line(const std::string& reply) {
  require(reply.find('\n') == reply.size() - 1);
  longhaul::json::validate(std::string_view(reply).substr(0, reply.size() - 1));
}

void read(std::string_view line) {
  const command::channel_message message = command::parse_channel_line(line);
  if (const auto* fault = std::get_if<command::channel_fault>(&message)) {
    require(!fault->message.empty());
    require_line(command::channel_error(fault->message));
  } else if (const auto* progress = std::get_if<command::channel_progress>(&message)) {
    require(progress->done >= 0 && progress->total.value_or(0) >= 0);
  } else if (const auto* ask = std::get_if<command::channel_ask>(&message)) {
    require(!ask->key.empty());
    longhaul::json::validate(ask->question.request().view());
    require_line(command::channel_ask_failed(ask->key, "why"));
  } else if (const auto* checkpoint = std::get_if<command::channel_checkpoint>(&message)) {
    require_line(command::channel_restored(checkpoint->value));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t step = data[0] % 16 + 1U, first = data[0] / 16;
  const std::string bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  const lines whole = split(bytes, bytes.size(), 1);
  require(split(bytes, std::min(first, bytes.size()), step) == whole);
  for (const std::optional<std::string>& line : whole) {
    if (line) read(*line);
  }
  return 0;
}
