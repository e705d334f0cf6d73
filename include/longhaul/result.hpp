// SPDX-License-Identifier: Apache-2.0
// What handlers return: content items, structured content, or a whole result of their own.
// MCP "Tool Result".
//
// Threads: plain values.
#pragma once

#include <concepts>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "longhaul/content.hpp"
#include "longhaul/raw_json.hpp"
#include "longhaul/schema.hpp"
#include "longhaul/task.hpp"
#include "longhaul/tool.hpp"

namespace longhaul {

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

/// Text of the JSON and structured content; what is no object is wrapped: `{"result": …}`. So is an
/// object of a type that may say something else as well, an optional struct: one schema fits all.
tool_result json_result(const raw_json& value, const type_node& type);
/// The output schema that fits: that of an object as it is, any other as the member `result`.
raw_json json_result_schema(const type_node& type);

template <class R>
concept text_like = std::convertible_to<const R&, std::string_view>;
template <class R>
concept result_like = requires(const R& r) {
  { r.to_outcome() } -> std::same_as<outcome>;
};

template <class R>
inline constexpr bool is_variant = false;
template <class... Rs>
inline constexpr bool is_variant<std::variant<Rs...>> = true;

/// Says all of a result by itself; anything else is written as JSON.
template <class R>
inline constexpr bool is_whole_result =
    std::same_as<R, outcome> || std::same_as<R, handler_result> || std::same_as<R, external> ||
    std::same_as<R, std::monostate> || std::same_as<R, content_item> ||
    std::same_as<R, std::vector<content_item>> || result_like<R> || text_like<R> ||
    std::same_as<R, std::filesystem::path>;
template <class R>
inline constexpr bool is_whole_result<std::optional<R>> =
    std::same_as<R, outcome> || is_whole_result<R>;
template <class... Rs>
inline constexpr bool is_whole_result<std::variant<Rs...>> = true;

/// Whether a value of the type may say that somebody else finishes the task.
template <class R>
inline constexpr bool may_be_external = std::same_as<R, external>;
template <class R>
inline constexpr bool may_be_external<std::optional<R>> = may_be_external<R>;
template <class... Rs>
inline constexpr bool may_be_external<std::variant<Rs...>> = (may_be_external<Rs> || ...);

/// Whether a handler may return it.
template <class R>
constexpr bool has_result() {
  if constexpr (std::is_void_v<R> || is_whole_result<R>) {
    return true;
  } else {
    return has_json<R>();
  }
}

/// What a handler's return value means. Null: the work goes on elsewhere.
template <class R>
handler_result to_handler_result(R&& value) {
  using type = std::remove_cvref_t<R>;
  if constexpr (std::same_as<type, handler_result> || std::same_as<type, outcome>) {
    return std::forward<R>(value);
  } else if constexpr (std::same_as<type, external>) {
    return std::nullopt;
  } else if constexpr (std::same_as<type, std::monostate>) {
    return tool_result().to_outcome();
  } else if constexpr (result_like<type>) {
    return value.to_outcome();
  } else if constexpr (std::same_as<type, content_item> ||
                       std::same_as<type, std::vector<content_item>>) {
    return tool_result(std::forward<R>(value)).to_outcome();
  } else if constexpr (is_variant<type>) {
    return std::visit(
        [](auto&& one) { return to_handler_result(std::forward<decltype(one)>(one)); },
        type(std::forward<R>(value)));
  } else if constexpr (is_optional<type> && is_whole_result<type>) {
    if (!value) return tool_result().to_outcome();
    return to_handler_result(*std::forward<R>(value));
  } else if constexpr (text_like<type>) {
    return tool_result(text(value)).to_outcome();
  } else if constexpr (std::same_as<type, std::filesystem::path>) {
    return tool_result(text(value.native())).to_outcome();
  } else if constexpr (has_result<type>()) {
    return json_result(to_json(value), node_of<type>()).to_outcome();
  } else {
    static_assert(has_result<type>(),
                  "longhaul: a handler returns void, text, content, a tool_result, raw_result, "
                  "outcome or external, or what is written as JSON: a struct described with "
                  "BOOST_DESCRIBE_STRUCT, a number, a container, …");
    return std::nullopt;
  }
}

template <class R>
raw_json output_schema_for();

template <class... Rs>
raw_json output_schema_of_one_of() {
  raw_json only;
  bool clear = true;
  const auto look = [&]<class R>(std::type_identity<R>) {
    if constexpr (!std::same_as<R, external> && !std::same_as<R, std::monostate>) {
      const raw_json schema = output_schema_for<R>();
      if (!schema || only) clear = false;
      only = schema;
    }
  };
  (look(std::type_identity<Rs>()), ...);
  return clear ? only : raw_json();
}

template <class R>
struct alternatives {
  static raw_json schema() { return {}; }
};
template <class... Rs>
struct alternatives<std::variant<Rs...>> {
  static raw_json schema() { return output_schema_of_one_of<Rs...>(); }
};

/// The output schema that follows from what a handler returns; absent if none does.
template <class R>
raw_json output_schema_for() {
  if constexpr (is_variant<R>) {
    return alternatives<R>::schema();
  } else if constexpr (std::is_void_v<R> || is_whole_result<R> || !has_result<R>()) {
    return {};
  } else {
    return json_result_schema(node_of<R>());
  }
}

}  // namespace detail
}  // namespace longhaul
