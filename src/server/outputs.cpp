// SPDX-License-Identifier: Apache-2.0
#include "server/outputs.hpp"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace longhaul::serving {
namespace {

constexpr std::string_view root = "longhaul://tasks/";

std::uint64_t number_in(std::string_view text, std::string_view name) {
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc() || stop != end) {
    throw std::invalid_argument("'" + std::string(name) + "' must be a number of bytes");
  }
  return value;
}

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

std::size_t length_of(char lead) {
  const auto c = static_cast<unsigned char>(lead);
  return c >= 0xF8 || c < 0xC0 ? 1 : c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
}

// Bytes at the end that begin a character and do not end it.
std::size_t cut_at_end(std::string_view bytes) {
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, bytes.size()); ++back) {
    const char c = bytes[bytes.size() - back];
    if (is_continuation(c)) continue;
    return length_of(c) > back ? back : 0;
  }
  return 0;
}

std::size_t cut_at_begin(std::string_view bytes) {
  std::size_t cut = 0;
  while (cut < std::min<std::size_t>(3, bytes.size()) && is_continuation(bytes[cut])) ++cut;
  return cut;
}

}  // namespace

std::optional<output_address> parse_output_address(std::string_view uri) {
  if (!uri.starts_with(root)) return std::nullopt;
  uri.remove_prefix(root.size());
  const std::size_t query_at = std::min(uri.find('?'), uri.size());
  std::string_view path = uri.substr(0, query_at), query = uri.substr(query_at);
  const std::size_t slash = path.find('/');
  if (slash == std::string_view::npos || slash == 0) return std::nullopt;
  output_address result;
  result.task = path.substr(0, slash);
  result.stream = path.substr(slash + 1);
  if (result.stream != "stdout" && result.stream != "stderr") return std::nullopt;
  if (query.empty()) return result;
  query.remove_prefix(1);
  if (query.starts_with("offset=")) {
    result.offset = number_in(query.substr(7), "offset");
  } else if (query.starts_with("tail=")) {
    result.tail = number_in(query.substr(5), "tail");
  } else {
    throw std::invalid_argument("the query of captured output is ?offset=BYTES or ?tail=BYTES");
  }
  return result;
}

resource_contents contents_of(output_source::part part, bool ended,
                              std::optional<std::uint64_t> offset) {
  resource_contents result;
  result.total = part.total;
  result.ended = ended;
  result.lost_from = part.lost_from;
  result.next_offset = part.offset + part.bytes.size();
  std::string_view middle = part.bytes;
  const bool exact = part.offset == 0 || part.offset == offset;
  const std::size_t before = exact ? 0 : cut_at_begin(middle);
  middle.remove_prefix(before);
  // The end of what was printed so far may be the middle of a character that is being printed.
  const bool last = ended && result.next_offset >= part.lost_from.value_or(part.total);
  const std::size_t after = last ? 0 : cut_at_end(middle);
  middle.remove_suffix(after);
  result.is_text = simdjson::validate_utf8(middle.data(), middle.size());
  if (!result.is_text) {
    result.offset = part.offset;
    // Without the character that is cut at the end, so that what follows begins with a whole one.
    if (after < part.bytes.size()) part.bytes.resize(part.bytes.size() - after);
    result.next_offset = part.offset + part.bytes.size();
    result.bytes = std::move(part.bytes);
    return result;
  }
  result.offset = part.offset + before;
  result.next_offset -= after;
  result.bytes = std::string(middle);
  return result;
}

}  // namespace longhaul::serving
