// SPDX-License-Identifier: Apache-2.0
#include "operator/exposition.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <limits>
#include <vector>

#include "json/write.hpp"

namespace longhaul::operating {

struct exposition::state {
  std::vector<prometheus::MetricFamily> families;

  void begin(prometheus::MetricType type, std::string_view name, std::string_view help) {
    prometheus::MetricFamily family;
    family.name = name;
    family.help = help;
    family.type = type;
    families.push_back(std::move(family));
  }
  prometheus::ClientMetric& add(labels with) {
    prometheus::ClientMetric& metric = families.back().metric.emplace_back();
    for (const auto& [name, value] : with) {
      metric.label.push_back({std::string(name), std::string()});
      json::append_utf8(metric.label.back().value, value);  // one that is not ends a whole scrape
    }
    return metric;
  }
};

exposition::exposition() : state_(std::make_unique<state>()) {}
exposition::~exposition() = default;

void exposition::counters(std::string_view name, std::string_view help) {
  state_->begin(prometheus::MetricType::Counter, name, help);
}
void exposition::gauges(std::string_view name, std::string_view help) {
  state_->begin(prometheus::MetricType::Gauge, name, help);
}
void exposition::histograms(std::string_view name, std::string_view help) {
  state_->begin(prometheus::MetricType::Histogram, name, help);
}

void exposition::add(double value, labels with) {
  prometheus::ClientMetric& metric = state_->add(with);
  if (state_->families.back().type == prometheus::MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
}

void exposition::add(const distribution& values, labels with) {
  if (values.counts.empty()) return;
  auto& out = state_->add(with).histogram;
  std::uint64_t so_far = 0;
  for (std::size_t i = 0; i < values.counts.size(); ++i) {
    so_far += values.counts[i];
    const double bound =
        i < values.bounds.size() ? values.bounds[i] : std::numeric_limits<double>::infinity();
    out.bucket.push_back({so_far, bound});
  }
  out.sample_count = so_far;
  out.sample_sum = values.sum;
}

std::string exposition::text() const {
  std::vector<prometheus::MetricFamily> all;
  for (const auto& family : state_->families) {
    if (!family.metric.empty()) all.push_back(family);
  }
  return prometheus::TextSerializer().Serialize(all);
}

}  // namespace longhaul::operating
