// SPDX-License-Identifier: Apache-2.0
// Items of content, which results of tools and messages of conversations are made of.
// MCP "Tool Result", "PromptMessage", "Sampling".
//
// Threads: plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "longhaul/raw_json.hpp"
#include "longhaul/task.hpp"

namespace longhaul {

/// Who says a message of a conversation.
enum class message_role : std::uint8_t { user, assistant };

/// The name on the wire: "user", "assistant".
constexpr std::string_view to_string(message_role role) noexcept {
  return role == message_role::user ? "user" : "assistant";
}

/// One item of content, as its JSON.
class content_item {
 public:
  /// `json` is a content block of MCP. Throws `std::invalid_argument` if it is no object with a
  /// `type`.
  explicit content_item(raw_json json);

  /// The same item with `annotations` (audience, priority, lastModified), an object.
  content_item annotated(const raw_json& annotations) const;
  /// The same item with `_meta`, an object.
  content_item with_meta(const raw_json& meta) const;

  const raw_json& json() const noexcept { return json_; }

 private:
  raw_json json_;
};

/// Text; invalid UTF-8 becomes U+FFFD.
content_item text(std::string_view text);
/// Bytes of any kind; they travel as base64.
content_item image(std::string_view bytes, std::string_view mime_type);
content_item image(std::span<const std::byte> bytes, std::string_view mime_type);
content_item audio(std::string_view bytes, std::string_view mime_type);
content_item audio(std::span<const std::byte> bytes, std::string_view mime_type);
/// A resource with its content. An empty `mime_type` is not sent.
content_item embedded_text(std::string_view uri, std::string_view mime_type, std::string_view text);
content_item embedded_blob(std::string_view uri, std::string_view mime_type,
                           std::string_view bytes);
content_item embedded_blob(std::string_view uri, std::string_view mime_type,
                           std::span<const std::byte> bytes);

/// What is known of a linked resource; empty ones are not sent.
struct link_options {
  std::string title = {};
  std::string description = {};
  std::string mime_type = {};
  std::optional<std::uint64_t> size = std::nullopt;  ///< bytes
};
/// A resource that the host can read.
content_item resource_link(std::string_view uri, std::string_view name,
                           const link_options& more = {});

// --- conversations with a model that may use tools (MCP "Sampling with Tools")

/// The model wants a tool to be called. `input` are its arguments, an object.
/// Throws `std::invalid_argument` if it is none.
content_item tool_use_content(std::string_view id, std::string_view name, const raw_json& input);
/// What came of it: content, structured content and `isError` of a tool's result, as
/// `tool_result(…).to_outcome()` and `outcome::tool_error` make it. `id` is that of the use.
/// Throws `std::invalid_argument` for a protocol error.
content_item tool_result_content(std::string_view id, const outcome& result);

}  // namespace longhaul
