// SPDX-License-Identifier: Apache-2.0
#include "run/process_log.hpp"

#include <unistd.h>

#include "run/log_writer.hpp"

namespace longhaul {
namespace {

std::optional<log_level> least_of(log_detail detail) {
  switch (detail) {
    case log_detail::off:
      return std::nullopt;
    case log_detail::error:
      return log_level::error;
    case log_detail::info:
      return log_level::info;
    case log_detail::debug:
      break;
  }
  return log_level::debug;
}

}  // namespace

process_log::process_log(const log_settings& settings, bool over_http) : sink_(settings.sink) {
  if (!sink_) {
    writer_ = std::make_shared<log_writer>(STDERR_FILENO, settings.style);
    sink_ = [writer = writer_](const log_record& record) { writer->put(record); };
  }
  log_ = logger(
      sink_, least_of(settings.detail.value_or(over_http ? log_detail::info : log_detail::error)));
}

process_log::~process_log() = default;

void process_log::announce(log_level level, std::string_view event, const std::string& text) const {
  sink_({level, event, text, {}});
}

void process_log::flush() {
  if (writer_) writer_->flush();
}

}  // namespace longhaul
