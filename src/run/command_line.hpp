// SPDX-License-Identifier: Apache-2.0
// What the command lines of `longhaul serve` and `longhaul::run` have in common.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "longhaul/server.hpp"
#include "run/process_log.hpp"
#include "transport/tls_identity.hpp"

namespace longhaul {

/// As given; empty: not given.
struct common_options {
  std::string log = {}, log_format = {}, drain_grace = {}, tls_certificate = {}, tls_key = {};
  std::string operators = {};
};

inline constexpr const char* help_of_log =
    "What to log on standard error: off, error, info (a line for each begin and end of a task) or "
    "debug. If not said: info over HTTP, error over stdio";
inline constexpr const char* help_of_log_format = "How: text or json, a record a line";
std::string help_of_drain_grace();

inline constexpr const char* help_of_tls_certificate =
    "Serve https:// with the certificate (and its chain) in this PEM file; SIGHUP reads it again "
    "instead of ending the server";
inline constexpr const char* help_of_tls_key = "The PEM file of its private key";

inline constexpr const char* help_of_operator =
    "For whoever runs the server: a page and an API at http://ADDRESS:PORT/, of its own";

// Each: what was given, else what the program or the file says. Throw `std::invalid_argument` that
// says what to write.
log_settings log_settings_of(const common_options& given, const server_options& otherwise);
std::optional<std::chrono::milliseconds> drain_grace_of(const common_options& given,
                                                        const server_options& otherwise);
operator_options operators_of(const common_options& given, const server_options& otherwise);
transport::tls_files tls_files_of(const common_options& given, const server_options& otherwise);

}  // namespace longhaul
