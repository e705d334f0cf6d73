// SPDX-License-Identifier: Apache-2.0
// Somebody who reads along what clients of the kit and their servers say: our own tests hold every
// message against the schema of its revision.
//
// Threads: any; set once, before anything is said.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

namespace longhaul::testkit {

class tap {
 public:
  virtual ~tap() = default;
  /// A number for one request and what answers it; 0 is for lines on a pipe.
  virtual std::uint64_t new_exchange() = 0;
  virtual void sent(std::uint64_t exchange, std::string_view revision, std::string_view session,
                    std::string_view body) = 0;
  virtual void received(std::uint64_t exchange, std::string_view session,
                        std::string_view text) = 0;
};

/// Null: nobody.
inline std::atomic<tap*> the_tap{nullptr};

}  // namespace longhaul::testkit
