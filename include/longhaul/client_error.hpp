// SPDX-License-Identifier: Apache-2.0
// What can go wrong between a client and its server.
//
// Threads: plain values.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "longhaul/raw_json.hpp"

namespace longhaul {

/// A request was not answered with a result. `what()` names the server, the method, and what came
/// instead.
class client_error : public std::runtime_error {
 public:
  enum class kind : std::uint8_t {
    unreachable,  ///< nobody answers there, or the program cannot be started: nothing was done
    lost,         ///< the connection broke behind a request: whether it was carried out is unknown
    refused,      ///< the server answered with an error: `code`, `data`
    forbidden,    ///< HTTP 401 or 403: a key is missing, or is not enough
    broken,       ///< what came is not MCP, or more than is taken
    time_limit,   ///< the caller's time was over
    left,         ///< the caller left, or closed the client
    gone          ///< the server knows no such task, or does not any more
  };

  client_error(kind why, const std::string& text, int code = 0, raw_json data = {})
      : std::runtime_error(text), kind_(why), code_(code), data_(std::move(data)) {}

  kind why() const noexcept { return kind_; }
  /// Of a JSON-RPC error; of HTTP its status; else 0.
  int code() const noexcept { return code_; }
  /// Of a JSON-RPC error, or absent.
  const raw_json& data() const noexcept { return data_; }

 private:
  kind kind_;
  int code_;
  raw_json data_;
};

}  // namespace longhaul
