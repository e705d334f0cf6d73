// SPDX-License-Identifier: Apache-2.0
// The load generator: many keep-alive connections in one thread over epoll, one request at a time
// on each (a closed loop: a slow server is asked less often, so latencies are those at full load).
//
// Threads: everything here runs on the thread that calls `run`.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/histogram.hpp"

namespace longhaul::bench {

struct reply {
  int status = 0;
  /// Readable for 64 bytes beyond its end, for the parser's sake.
  std::string_view body{};
  std::string_view session_id{};
};

enum class step : std::uint8_t {
  done,   ///< the operation is complete
  go_on,  ///< … goes on with another request
  failed  ///< … ended with a wrong reply
};

/// What connections say. One object for all of them.
class conversation {
 public:
  virtual ~conversation() = default;
  /// Appends the next request of a connection. False: it has nothing (more) to say.
  virtual bool ask(std::size_t connection, std::string& out) = 0;
  /// Judges the reply to it.
  virtual step judge(std::size_t connection, const reply& got) = 0;
};

struct load_result {
  std::uint64_t operations = 0;  ///< completed ones
  std::uint64_t requests = 0;
  std::uint64_t errors = 0;
  std::string first_error;
  std::chrono::nanoseconds time{0};  ///< from the first request to the last reply
  histogram latency;                 ///< of operations
};

class load_generator {
 public:
  /// Connects. Throws `std::system_error`.
  load_generator(std::uint16_t port, std::size_t connections);
  load_generator(const load_generator&) = delete;
  load_generator& operator=(const load_generator&) = delete;
  ~load_generator();

  /// Talks for `time`, then waits for the replies that are still due; or until nobody has more to
  /// say. `progress` is called about ten times a second and may be empty.
  load_result run(conversation& talk, std::chrono::nanoseconds time,
                  const std::function<void(const load_result&)>& progress = {});
  std::size_t connections() const noexcept { return connections_.size(); }

 private:
  struct connection;

  void begin(connection& on);
  void send_rest(connection& on);
  void receive(connection& on);
  void handle(connection& on, const reply& got);
  void fail(connection& on, const std::string& why, bool broken);
  void watch(connection& on, bool for_writing);

  int epoll_ = -1;
  std::vector<std::unique_ptr<connection>> connections_;

  // Of the present run:
  conversation* talk_ = nullptr;
  load_result result_;
  bool ending_ = false;
  std::size_t waiting_ = 0;  // connections with an open request
};

}  // namespace longhaul::bench
