// SPDX-License-Identifier: Apache-2.0
// The way of every layer to the one sink of a server. A logger is a small value, copied to whoever
// has something to say; one without a sink says nothing and costs a branch.
//
// What strangers cause is bounded (`stranger`): whoever is refused could fill a disk otherwise.
//
// Threads: any.
#pragma once

#include <concepts>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "longhaul/clock.hpp"
#include "longhaul/log.hpp"

namespace longhaul {

class logger {
 public:
  using fields = std::initializer_list<log_field>;

  logger() = default;
  /// Records below `least` are dropped; null: all are.
  logger(log_sink sink, std::optional<log_level> least, const clock_source& clock = system_clock());
  /// Everything goes to `sink`.
  template <std::invocable<const log_record&> Sink>
    requires(!std::same_as<std::remove_cvref_t<Sink>, logger>)
  logger(Sink sink) : logger(log_sink(std::move(sink)), log_level::debug) {}  // NOLINT: implicit

  /// False: the record would be dropped, so nothing needs to be gathered for it.
  bool takes(log_level level) const noexcept;
  void operator()(log_level level, std::string_view event, std::string_view text,
                  fields with = {}) const noexcept;
  /// The same for what somebody who was not let in can repeat at will.
  void stranger(log_level level, std::string_view event, std::string_view text,
                fields with = {}) const noexcept;

  void error(std::string_view event, std::string_view text, fields with = {}) const noexcept {
    (*this)(log_level::error, event, text, with);
  }
  void warning(std::string_view event, std::string_view text, fields with = {}) const noexcept {
    (*this)(log_level::warning, event, text, with);
  }
  void info(std::string_view event, std::string_view text, fields with = {}) const noexcept {
    (*this)(log_level::info, event, text, with);
  }
  void debug(std::string_view event, std::string_view text, fields with = {}) const noexcept {
    (*this)(log_level::debug, event, text, with);
  }

 private:
  struct core;
  std::shared_ptr<core> core_;
};

/// The field that names a task, by the part of its id that gives nobody access.
log_field task_field(std::string_view id) noexcept;
/// That part: the time and 20 of the 128 random bits. Of what is no such id: a third.
std::string_view shown_id(std::string_view id) noexcept;

/// "off", "error", "info", "debug"; null: none of these.
std::optional<log_detail> log_detail_named(std::string_view name);
/// "text", "json".
std::optional<log_style> log_style_named(std::string_view name);

}  // namespace longhaul
