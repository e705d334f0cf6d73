// SPDX-License-Identifier: Apache-2.0
#include "command/program_meters.hpp"

namespace longhaul::command {
namespace {

std::string label_of(const program_end& how) {
  switch (how.how) {
    case program_end::kind::exited:
      return std::to_string(how.code);
    case program_end::kind::killed: {
      const std::string_view name = signal_name(how.code);
      return name.empty() ? "signal " + std::to_string(how.code) : std::string(name);
    }
    case program_end::kind::not_started:
      return "not started";
    case program_end::kind::lost:
      return "lost";
  }
  return {};
}

}  // namespace

void program_meters::ended(const program_end& how, std::uint64_t stdout_bytes,
                           std::uint64_t stderr_bytes) {
  std::string label = label_of(how);
  const guard lock(mutex_);
  ++all_.exits[std::move(label)];
  all_.stdout_bytes += stdout_bytes;
  all_.stderr_bytes += stderr_bytes;
}

serving::program_figures program_meters::read() const {
  const guard lock(mutex_);
  return all_;
}

}  // namespace longhaul::command
