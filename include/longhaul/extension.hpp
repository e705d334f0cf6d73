// SPDX-License-Identifier: Apache-2.0
// An extension of the protocol: methods and notifications under an id of its own, which clients
// declare to use them. MCP 2026-07-28 "Extensions"; in sessions of revisions before, it stands
// among the experimental capabilities. The tasks extension is one of them.
#pragma once

#include <concepts>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "longhaul/typed_tool.hpp"

namespace longhaul {

/// A result whose `resultType` is the extension's own (2026-07-28; a member like others before).
struct extension_result {
  std::string type;
  raw_json members = {};  ///< an object, or absent
};

/// A method that clients call.
struct method_options {
  std::string name = {};  ///< as `clock/now`: with a `/`, and none of MCP's own
  /// As `tool_options::quick`.
  bool quick = false;
  /// How long a call may take; null: as long as it likes.
  std::optional<std::chrono::milliseconds> limit = std::nullopt;
  /// As `tool_options::requires_capabilities`.
  std::vector<client_capability> requires_capabilities = {};
};

/// A notification that the server sends to those who want it (`server::notify`).
struct notification_options {
  std::string name = {};  ///< as `notifications/clock/tick`
  /// The member of the filter of `subscriptions/listen` (2026-07-28) that asks for it: `true` for
  /// all of them, an array of strings for those about certain subjects. Sessions of clients that
  /// declared the extension get all.
  std::string member = {};
};

/// Hears a notification of a client. On the thread that reads requests: it must not block.
using notification_handler = std::function<void(const caller_info& who, const raw_json& params)>;

namespace detail {

outcome extension_outcome(const raw_json& members, std::string_view type = {});
/// Throws `std::invalid_argument`.
tool_definition define_method(const method_options& options, bool is_coroutine);

struct method_results {
  template <class R>
  static constexpr bool takes() {
    return std::is_void_v<R> || described_struct<R> || std::same_as<R, raw_json> ||
           std::same_as<R, extension_result>;
  }
  static raw_json arguments(const call_arguments& given) { return given.json(); }
  static handler_result nothing(const call_arguments&) { return extension_outcome({}); }
  template <class R>
  static handler_result result(R&& value, const call_arguments&) {
    using type = std::remove_cvref_t<R>;
    if constexpr (std::same_as<type, extension_result>) {
      return extension_outcome(value.members, value.type);
    } else if constexpr (std::same_as<type, raw_json>) {
      return extension_outcome(value);
    } else {
      return extension_outcome(to_json(value));
    }
  }
};

}  // namespace detail

/// An extension as the server keeps it.
class extension {
 public:
  struct method {
    method_options options;
    tool_definition run;
  };
  struct incoming_notification {
    std::string name;
    notification_handler hear;
  };

  /// `id`: a prefix that is a domain turned round, and a name: `com.example/clock`. `settings`:
  /// what is advertised, an object.
  explicit extension(std::string id, raw_json settings = {})
      : id_(std::move(id)), settings_(std::move(settings)) {}

  /// `handler`: R(task_context&, const Params&), R(const Params&), R(task_context&), R(), where
  /// `Params` is a described struct, or `raw_json`, and `R` a described struct, `raw_json` (an
  /// object), `void` or `extension_result`, or an `awaitable` of one. What it throws ends the
  /// request with a JSON-RPC error. It may report and ask as handlers of tools do.
  /// Throws `std::invalid_argument` for a name that does not fit.
  template <class F>
  extension& add_method(method_options options, F handler) {
    using check = detail::handler_check<F, detail::method_results>;
    if constexpr (detail::check_handler<check>()) {
      using traits = detail::handler_traits<F>;
      tool_definition run = detail::define_method(options, traits::returned::is_coroutine);
      method made{std::move(options), std::move(run)};
      std::optional<detail::typed_schema> schema;
      if constexpr (!traits::is_raw) {
        schema.emplace(detail::node_of<typename traits::arguments>());
        made.run.accept = [schema](const raw_json& given, const argument_leniency&) {
          return traits::accept(*schema, given, {});
        };
      }
      made.run.handler =
          detail::untyped_handler(std::move(handler), schema, detail::method_results());
      methods_.push_back(std::move(made));
    } else if constexpr (check::knows_arguments() && !check::knows_result()) {
      static_assert(check::knows_result(),
                    "longhaul: a method of an extension returns a struct described with "
                    "BOOST_DESCRIBE_STRUCT, raw_json, void or an extension_result, or an awaitable "
                    "of one");
    }
    return *this;
  }
  /// Throws `std::invalid_argument` for a name that does not begin with `notifications/`.
  extension& add_notification(notification_options options);
  /// Has `hear` called for each notification of this name that a client sends.
  extension& on_notification(std::string name, notification_handler hear);

  const std::string& id() const noexcept { return id_; }
  const raw_json& settings() const noexcept { return settings_; }
  const std::vector<method>& methods() const noexcept { return methods_; }
  const std::vector<notification_options>& notifications() const noexcept { return sent_; }
  const std::vector<incoming_notification>& incoming() const noexcept { return heard_; }

 private:
  std::string id_;
  raw_json settings_;
  std::vector<method> methods_;
  std::vector<notification_options> sent_;
  std::vector<incoming_notification> heard_;
};

/// Whom a notification is for.
struct notification_target {
  std::string subject = {};  ///< those who asked for this one, and those who asked for all
  std::string owner = {};    ///< only this caller (`local`, `key:<name>`, …); empty: everybody
};

}  // namespace longhaul
