// SPDX-License-Identifier: Apache-2.0
// Whether traces are sent, where to, and how: the variables of OpenTelemetry, read once.
//
//   OTEL_SDK_DISABLED, OTEL_TRACES_EXPORTER
//   OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, _HEADERS, _TIMEOUT, _CERTIFICATE, _PROTOCOL, each also
//     without TRACES_
//   OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES
//   OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG
//   OTEL_BSP_MAX_QUEUE_SIZE, OTEL_BSP_MAX_EXPORT_BATCH_SIZE, OTEL_BSP_SCHEDULE_DELAY
//
// Others (compression, client certificates) are not heeded. OpenTelemetry "Environment Variable
// Specification", "OpenTelemetry Protocol Exporter"; unlike there, what cannot be read is a fault:
// a server that silently sends nothing is found out too late.
//
// Threads: plain values.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "telemetry/env_values.hpp"
#include "telemetry/sampler.hpp"
#include "telemetry/tunables.hpp"

namespace longhaul::telemetry {

struct trace_settings {
  std::string endpoint;  ///< whole: `http://127.0.0.1:4318/v1/traces`
  name_values headers;   ///< beside Content-Type
  std::chrono::milliseconds timeout = tunables::timeout;  ///< of one request
  std::string ca_file;                                    ///< empty: those of the system
  std::string service_name;
  name_values resource;  ///< further attributes of the resource
  sampler sampled;
  std::size_t queue_size = tunables::queue_size;  ///< spans that wait at once
  std::size_t batch_size = tunables::batch_size;  ///< spans of one request; no more than the queue
  std::chrono::milliseconds schedule_delay = tunables::schedule_delay;
  /// `db.system.name` of spans of the store (`sqlite`, `postgresql`); empty: none. No variable
  /// sets it.
  std::string store_system;
};

/// Null: traces are off, or no endpoint is set. `variable`: as `getenv`. Throws
/// `std::invalid_argument` that names the variable, its value (but never that of headers: they hold
/// keys) and what to do.
std::optional<trace_settings> trace_settings_from(const variable_reader& variable,
                                                  const std::string& default_service_name);

}  // namespace longhaul::telemetry
