// SPDX-License-Identifier: Apache-2.0
// Figures as Prometheus reads them (text format 0.0.4). prometheus-cpp stays behind this door.
//
// Threads: plain values.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "longhaul/figures.hpp"

namespace longhaul::operating {

class exposition {
 public:
  /// Name and value, which may be any bytes.
  using labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  exposition();
  ~exposition();
  exposition(const exposition&) = delete;
  exposition& operator=(const exposition&) = delete;

  /// Begins a family: what follows belongs to it. One without a value is left out.
  void counters(std::string_view name, std::string_view help);
  void gauges(std::string_view name, std::string_view help);
  void histograms(std::string_view name, std::string_view help);
  /// Of the kind that the family is.
  void add(double value, labels with = {});
  void add(std::uint64_t value, labels with = {}) { add(static_cast<double>(value), with); }
  /// Left out if nobody measures it.
  void add(const distribution& values, labels with = {});

  std::string text() const;
  static constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";

 private:
  struct state;
  const std::unique_ptr<state> state_;
};

}  // namespace longhaul::operating
