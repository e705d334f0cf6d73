// SPDX-License-Identifier: Apache-2.0
// Requests to the operators' API of one server: one at a time, each waited for. Everything that
// goes wrong is an `admin_error` that says what to do.
//
// Threads: requests one; `stop` any.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "admin.hpp"
#include "client/sse_reader.hpp"
#include "longhaul/raw_json.hpp"
#include "terminal/variables.hpp"

namespace longhaul {

/// Parameters of a request; those that are empty are left out.
using admin_query = std::vector<std::pair<std::string, std::string>>;

/// `text` as one part of an address.
std::string in_address(std::string_view text);
/// `path?name=value&…`.
std::string with_query(std::string path, const admin_query& query);

class admin_link {
 public:
  /// Throws `std::invalid_argument` for a URL, a file of authorities or a variable that will not
  /// do.
  admin_link(const admin_command& command, const terminal::variables& environment);
  ~admin_link();
  admin_link(const admin_link&) = delete;
  admin_link& operator=(const admin_link&) = delete;

  /// `path` stands behind `/api/v1/`. Throws `admin_error`, as all of these.
  raw_json get(const std::string& path);
  raw_json post(const std::string& path, const std::string& body);
  /// A reply that is no JSON.
  std::string read(const std::string& path);
  /// Gives server-sent events to `take`, on another thread, until it returns false or the stream
  /// ends. `behind`: the id of the last event that was seen, or empty.
  void follow(const std::string& path, const std::string& behind,
              std::function<bool(remote::sse_event)> take);
  /// Ends what is under way, and all that is begun later, as `interrupted`.
  void stop() noexcept;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace longhaul
