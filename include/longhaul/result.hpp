// SPDX-License-Identifier: Apache-2.0
// What handlers return: content items, structured content, or a whole result of their own.
// MCP "Tool Result".
//
// Threads: plain values.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "longhaul/raw_json.hpp"
#include "longhaul/schema.hpp"
#include "longhaul/task.hpp"
#include "longhaul/tool.hpp"

namespace longhaul {

/// One item of a result's content, as its JSON.
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

/// Content, structured content and the rest of a `CallToolResult`.
class tool_result {
 public:
  tool_result() = default;
  tool_result(content_item item) { items_.push_back(std::move(item)); }
  tool_result(std::initializer_list<content_item> items) : items_(items) {}
  explicit tool_result(std::vector<content_item> items) : items_(std::move(items)) {}

  tool_result& add(content_item item) { return items_.push_back(std::move(item)), *this; }
  /// Throws `std::invalid_argument` if it is not an object.
  tool_result& structured(raw_json object);
  /// Says that the tool failed in a way the caller's model should read.
  tool_result& as_error() { return is_error_ = true, *this; }
  /// Throws `std::invalid_argument` if it is not an object.
  tool_result& meta(raw_json object);

  outcome to_outcome() const;

 private:
  std::vector<content_item> items_;
  raw_json structured_;
  raw_json meta_;
  bool is_error_ = false;
};

/// Several items: `contents(text("a"), image(bytes, "image/png"))`.
template <std::convertible_to<content_item>... Items>
tool_result contents(Items... items) {
  tool_result result;
  (result.add(std::move(items)), ...);
  return result;
}
inline tool_result contents(std::vector<content_item> items) {
  return tool_result(std::move(items));
}

/// Structured content, and the same JSON as text for hosts that read only that.
/// Throws `std::invalid_argument` if it is not an object.
tool_result structured(raw_json object);
template <detail::described_struct T>
tool_result structured(const T& value) {
  return structured(to_json(value));
}

/// A whole `CallToolResult` that the handler made itself; it is passed on as it is.
class raw_result {
 public:
  /// Throws `std::invalid_argument` if it is not an object with an array `content`.
  explicit raw_result(raw_json result);
  outcome to_outcome() const;

 private:
  raw_json json_;
};

namespace detail {

template <class R>
concept text_like = std::convertible_to<const R&, std::string_view>;
template <class R>
concept result_like = requires(const R& r) {
  { r.to_outcome() } -> std::same_as<outcome>;
};

/// What a handler's return value means. Null: the work goes on elsewhere.
template <class R>
handler_result to_handler_result(R&& value) {
  using type = std::remove_cvref_t<R>;
  if constexpr (std::same_as<type, handler_result> || std::same_as<type, outcome>) {
    return std::forward<R>(value);
  } else if constexpr (std::same_as<type, external>) {
    return std::nullopt;
  } else if constexpr (result_like<type>) {
    return value.to_outcome();
  } else if constexpr (std::same_as<type, content_item>) {
    return tool_result(std::forward<R>(value)).to_outcome();
  } else if constexpr (described_struct<type>) {
    return structured(value).to_outcome();
  } else {
    static_assert(text_like<type>,
                  "a handler returns void, text, content, tool_result, raw_result, outcome, "
                  "external or a struct described with BOOST_DESCRIBE_STRUCT");
    return tool_result(text(value)).to_outcome();
  }
}

}  // namespace detail
}  // namespace longhaul
