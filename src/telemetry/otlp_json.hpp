// SPDX-License-Identifier: Apache-2.0
// Spans as OTLP has them in JSON: `ExportTraceServiceRequest`, with ids in hex, enums as numbers
// and 64-bit numbers as strings (opentelemetry-proto, "JSON Protobuf Encoding"). What is told of a
// task is its tool, the part of its id that gives nobody access, numbers, what it came to, and the
// message of a JSON-RPC error, which its caller was told: no owner, no arguments, no output.
//
// Threads: any.
#pragma once

#include <span>
#include <string>

#include "telemetry/span.hpp"
#include "telemetry/trace_settings.hpp"

namespace longhaul::telemetry {

class otlp_json {
 public:
  explicit otlp_json(const trace_settings& settings);

  /// The body of one request. Throws `std::bad_alloc`, `std::runtime_error` if there are no hashes.
  std::string request(std::span<const span> batch) const;

 private:
  void append_span(std::string& out, const span& one) const;
  void append_attributes(std::string& out, const span& one) const;

  std::string head_;  // all of a request before its first span
  std::string store_system_;
};

}  // namespace longhaul::telemetry
