// SPDX-License-Identifier: Apache-2.0
// Resources: what a client can read by address, and templates for families of addresses. MCP
// "Resources"; templates are those of RFC 6570, levels 1 and 2.
//
// Threads: a handler may run many times at once; the function object is shared by all of them.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "longhaul/completion.hpp"
#include "longhaul/feature.hpp"
#include "longhaul/result.hpp"
#include "longhaul/tool.hpp"
#include "longhaul/typed_tool.hpp"

namespace longhaul {

/// What is said about a resource or a template.
struct resource_options {
  /// An absolute URI, or for a template one with expressions: `{name}` (one segment), `{+name}`
  /// (several) and, at the end, `{#name}` (the fragment).
  std::string uri = {};
  std::string name = {};         ///< for programs; empty: the URI
  std::string title = {};        ///< for people; may be empty
  std::string description = {};  ///< for the model; may be empty
  std::string mime_type = {};    ///< of what is read, where the handler does not say it
  std::optional<std::uint64_t> size = std::nullopt;  ///< bytes, where it is known; not of templates
  content_annotations annotations = {};
  std::vector<icon> icons = {};
  raw_json meta = {};  ///< `_meta`, an object, or absent
  longhaul::caching caching = {};
  visibility visible_to = {};
  /// How long a handler may take; null: as long as it wants.
  std::optional<std::chrono::milliseconds> limit = std::nullopt;
  /// Of a template: suggestions while variables are typed. Members with `choices`, and enums,
  /// suggest those.
  completers complete = {};
  /// Of a template: overrides of single members of the struct of its variables.
  std::vector<field_options> fields = {};
};

/// One piece of what a resource holds.
class resource_content {
 public:
  /// Text; invalid UTF-8 becomes U+FFFD.
  resource_content(std::string_view text);
  resource_content(const std::string& text) : resource_content(std::string_view(text)) {}
  resource_content(const char* text) : resource_content(std::string_view(text)) {}
  /// Bytes of any kind; they travel as base64.
  static resource_content blob(std::string_view bytes);
  static resource_content blob(std::span<const std::byte> bytes);

  /// Where it differs from that of the resource.
  resource_content& mime_type(std::string type) { return mime_type_ = std::move(type), *this; }
  resource_content& uri(std::string address) { return uri_ = std::move(address), *this; }
  /// `_meta`, an object. Throws `std::invalid_argument` if it is not.
  resource_content& meta(raw_json object);

 private:
  friend struct resource_writer;
  resource_content() = default;

  raw_json value_;  // a string: the text, or base64
  bool is_blob_ = false;
  std::string mime_type_, uri_;
  raw_json meta_;
};

/// Throw it where an address names nothing: the reply says so, with the address.
class resource_not_found : public protocol_error {
 public:
  /// That of MCP before 2026-07-28, where callers get −32602 instead.
  static constexpr int error_code = -32002;

  explicit resource_not_found(std::string_view uri);
};

/// A resource, or a template, as the server keeps it.
struct resource_definition {
  resource_options options = {};
  bool is_template = false;
  /// What is read where it never changes, as JSON; absent: `run` reads.
  raw_json fixed = {};
  /// Its handler, as one of a tool: arguments `{"uri":…,"variables":{…}}`.
  tool_definition run = {};
  /// Of a template: its variables as they are meant, given as an object of strings. Throws
  /// `invalid_arguments`.
  std::function<call_arguments(const raw_json& variables)> accept_variables = {};
};

namespace detail {

/// The result of `resources/read`, without what the wire adds. `call` has the address.
outcome resource_outcome(std::span<const resource_content> contents, const call_arguments& call,
                         std::string_view mime_type);
raw_json variables_of(const call_arguments& call);
/// The text of JSON.
resource_content json_content(const raw_json& value);

struct resource_results {
  std::string mime_type = {};

  template <class R>
  static constexpr bool takes() {
    return std::convertible_to<R, resource_content> ||
           std::same_as<R, std::vector<resource_content>> ||
           std::convertible_to<const R&, std::span<const std::byte>> || has_json<R>();
  }
  static raw_json arguments(const call_arguments& given) { return variables_of(given); }
  handler_result nothing(const call_arguments& given) const {
    return resource_outcome({}, given, mime_type);
  }
  template <class R>
  handler_result result(R&& value, const call_arguments& given) const {
    using type = std::remove_cvref_t<R>;
    if constexpr (std::same_as<type, std::vector<resource_content>>) {
      return resource_outcome(value, given, mime_type);
    } else {
      const resource_content one = [&]() -> resource_content {
        if constexpr (std::convertible_to<type, resource_content>) {
          return std::forward<R>(value);
        } else if constexpr (std::convertible_to<const type&, std::span<const std::byte>>) {
          return resource_content::blob(std::span<const std::byte>(value));
        } else {
          return json_content(to_json(value));
        }
      }();
      return resource_outcome(std::span(&one, 1), given, mime_type);
    }
  }
};

/// Checks the options. `schema`: of a template's variables. Throws `std::invalid_argument`.
resource_definition define_resource(resource_options options, bool is_template,
                                    const std::optional<typed_schema>& schema);

template <class F>
resource_definition resource_of(resource_options options, bool is_template, F handler) {
  using check = handler_check<F, resource_results>;
  if constexpr (check_handler<check>()) {
    using traits = handler_traits<F>;
    std::optional<typed_schema> schema;
    if constexpr (!traits::is_raw) {
      schema.emplace(node_of<typename traits::arguments>(), options.fields);
    }
    resource_definition resource = define_resource(std::move(options), is_template, schema);
    resource.run.handler =
        untyped_handler(std::move(handler), schema, resource_results{resource.options.mime_type});
    if constexpr (!traits::is_raw) {
      resource.accept_variables = [schema](const raw_json& variables) {
        return traits::accept(*schema, variables, {});
      };
    }
    return resource;
  } else if constexpr (check::knows_arguments() && !check::knows_result()) {
    static_assert(check::knows_result(),
                  "longhaul: a resource's handler returns text, bytes (std::vector<std::byte>), a "
                  "resource_content, a vector of them, or what is written as JSON, or an awaitable "
                  "of one");
  }
  if constexpr (!check::passed) return {};
}

}  // namespace detail

/// A resource that a function reads: R(task_context&) or R().
/// What it throws ends the request with a JSON-RPC error (`resource_not_found`; of a `tool_error`
/// it has the text). Throws `std::invalid_argument` for a URI that is none, or has expressions, and
/// for options that do not fit.
template <class F>
  requires(!std::convertible_to<F, resource_content> &&
           !std::same_as<F, std::vector<resource_content>>)
resource_definition make_resource(resource_options options, F handler) {
  static_assert(
      !detail::handler_traits<F>::has_arguments,
      "longhaul: the handler of a resource takes (task_context&) or nothing; variables are "
      "for templates");
  return detail::resource_of(std::move(options), false, std::move(handler));
}
/// A resource that never changes while it is there.
resource_definition make_resource(resource_options options, resource_content content);
resource_definition make_resource(resource_options options, std::vector<resource_content> contents);

/// A family of resources: R(task_context&, const Variables&), R(const Variables&), …, where
/// `Variables` is a described struct with a member for each variable of the template (strings,
/// numbers, booleans, enums), or `raw_json` (an object of strings). A value of `{name}` is one
/// segment: it has no `/`, is not `.` or `..`; of `{+name}` every segment keeps to that. None has a
/// zero byte. What breaks this, or what a member cannot be read from, is a resource that is not
/// found.
/// Throws `std::invalid_argument` for a template that is none, and for variables and members that
/// do not match.
template <class F>
resource_definition make_resource_template(resource_options options, F handler) {
  return detail::resource_of(std::move(options), true, std::move(handler));
}

}  // namespace longhaul
