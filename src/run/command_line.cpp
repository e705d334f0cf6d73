// SPDX-License-Identifier: Apache-2.0
#include "run/command_line.hpp"

#include <stdexcept>

#include "base/duration.hpp"
#include "open/http_address.hpp"

namespace longhaul {
namespace {

[[noreturn]] void refuse(const char* option, const std::string& given, const char* wanted) {
  throw std::invalid_argument(std::string(option) + " must be " + wanted + ", not \"" + given +
                              "\"");
}

}  // namespace

std::string help_of_drain_grace() {
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(defaults::http_drain_grace).count();
  return "How long running work may go on after SIGTERM, SIGINT or SIGHUP, as 30s or 5m; a second "
         "signal ends it. If not said: " +
         std::to_string(seconds) + "s over HTTP; over stdio nothing, because the host is gone";
}

log_settings log_settings_of(const common_options& given, const server_options& otherwise) {
  log_settings result{otherwise.log, otherwise.log_format, otherwise.log_to};
  if (!given.log.empty()) {
    result.detail = log_detail_named(given.log);
    if (!result.detail) refuse("--log", given.log, "off, error, info or debug");
  }
  if (!given.log_format.empty()) {
    const auto style = log_style_named(given.log_format);
    if (!style) refuse("--log-format", given.log_format, "text or json");
    result.style = *style;
  }
  return result;
}

std::optional<std::chrono::milliseconds> drain_grace_of(const common_options& given,
                                                        const server_options& otherwise) {
  if (given.drain_grace.empty()) return otherwise.drain_grace;
  const auto grace = parse_duration(given.drain_grace);
  if (!grace) refuse("--drain-grace", given.drain_grace, "a time as 30s, 5m or 0s");
  return grace;
}

operator_options operators_of(const common_options& given, const server_options& otherwise) {
  operator_options result = otherwise.operators;
  if (!given.operators.empty()) result.listen = given.operators;
  if (!result.listen.empty()) parse_http_address(result.listen);
  return result;
}

// Both of the one or both of the other: they belong together.
transport::tls_files tls_files_of(const common_options& given, const server_options& otherwise) {
  if (!given.tls_certificate.empty() || !given.tls_key.empty()) {
    return {given.tls_certificate, given.tls_key};
  }
  return {otherwise.tls_certificate, otherwise.tls_key};
}

}  // namespace longhaul
