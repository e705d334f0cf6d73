// SPDX-License-Identifier: Apache-2.0
#include "telemetry/trace_settings.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <string_view>

#include "base/text.hpp"
#include "client/http_client.hpp"
#include "client/http_url.hpp"

namespace longhaul::telemetry {
namespace {

constexpr const char* endpoint_advice =
    "give the HTTP address of a collector, as http://127.0.0.1:4318";

std::string otlp(const std::string& rest) { return "OTEL_EXPORTER_OTLP_" + rest; }

// Of traces, or of all signals.
auto of_exporter(const env_values& from, const std::string& rest) {
  return from.either(otlp("TRACES_" + rest), otlp(rest));
}

bool is_off(const env_values& from) {
  if (from.is_true("OTEL_SDK_DISABLED")) return true;
  const std::string name = "OTEL_TRACES_EXPORTER";
  const auto value = from.text(name);
  if (!value) return false;
  const std::string exporter = lowered(*value);
  if (exporter != "none" && exporter != "otlp") {
    refuse_variable(name, *value, "only otlp and none are known here; set one of them");
  }
  return exporter == "none";
}

// Before its query, without a double slash.
std::string with_signal(const std::string& base) {
  const std::string_view whole = std::string_view(base).substr(0, base.find('#'));
  const std::size_t query = std::min(whole.find('?'), whole.size());
  std::string_view path = whole.substr(0, query);
  while (path.ends_with('/')) path.remove_suffix(1);
  return std::string(path) + "/v1/traces" + std::string(whole.substr(query));
}

std::optional<std::string> endpoint_from(const env_values& from) {
  const auto given = of_exporter(from, "ENDPOINT");
  if (!given) return std::nullopt;
  const auto& [name, value] = *given;
  try {
    remote::parse_url(value);
  } catch (const std::invalid_argument& e) {
    throw std::invalid_argument(name + ": " + e.what() + "; " + endpoint_advice);
  }
  return name == otlp("ENDPOINT") ? with_signal(value) : value;
}

void check_protocol(const env_values& from) {
  const auto given = of_exporter(from, "PROTOCOL");
  if (!given) return;
  const std::string protocol = lowered(given->second);
  // Collectors take both forms at one port, and protobuf is what others set without a thought.
  if (protocol == "http/json" || protocol == "http/protobuf") return;
  if (protocol == "grpc") {
    refuse_variable(given->first, given->second,
                    "gRPC is not spoken here; let the endpoint be the collector's HTTP port "
                    "(4318), and set this to http/json");
  }
  refuse_variable(given->first, given->second, "set it to http/json");
}

// Whatever is wrong with it, its value may be a key and is not shown.
name_values headers_from(const env_values& from) {
  const auto given = of_exporter(from, "HEADERS");
  if (!given) return {};
  auto pairs = read_pairs(given->second);
  if (!pairs) {
    throw std::invalid_argument(given->first + " (its value is not shown): give " +
                                "name=value,name=value, with a comma of a value as %2C");
  }
  for (const auto& [name, value] : *pairs) {
    if (remote::is_header(name, value)) continue;
    throw std::invalid_argument(given->first + " (its value is not shown): '" + name +
                                "' cannot be sent as a header of HTTP; mend or remove it");
  }
  return std::move(*pairs);
}

void read_resource(const env_values& from, trace_settings& into) {
  const std::string name = "OTEL_RESOURCE_ATTRIBUTES";
  if (const auto value = from.text(name)) {
    auto pairs = read_pairs(*value);
    if (!pairs) refuse_variable(name, *value, "give name=value,name=value");
    for (auto& [key, text] : *pairs) {
      if (key == "service.name") {
        into.service_name = std::move(text);
      } else {
        std::erase_if(into.resource, [&](const auto& known) { return known.first == key; });
        into.resource.emplace_back(std::move(key), std::move(text));
      }
    }
  }
  if (auto service = from.text("OTEL_SERVICE_NAME")) into.service_name = std::move(*service);
}

double ratio_from(const env_values& from) {
  const std::string name = "OTEL_TRACES_SAMPLER_ARG";
  const auto value = from.text(name);
  if (!value) return 1;
  double ratio = 0;
  const auto read = std::from_chars(value->data(), value->data() + value->size(), ratio);
  const bool number = read.ec == std::errc() && read.ptr == value->data() + value->size();
  if (!number || !(ratio >= 0 && ratio <= 1)) {
    refuse_variable(name, *value, "give the part of traces to record, from 0 to 1, as 0.25");
  }
  return ratio;
}

sampler sampler_from(const env_values& from) {
  const std::string name = "OTEL_TRACES_SAMPLER";
  const auto value = from.text(name);
  if (!value) return {};
  constexpr std::string_view parent = "parentbased_";
  const std::string whole = lowered(*value);
  sampler result;
  result.follows_parent = whole.starts_with(parent);
  const std::string_view root =
      std::string_view(whole).substr(result.follows_parent ? parent.size() : 0);
  if (root == "always_on") {
    result.root = sampler::rule::always_on;
  } else if (root == "always_off") {
    result.root = sampler::rule::always_off;
  } else if (root == "traceidratio") {
    result.root = sampler::rule::ratio;
    result.ratio = ratio_from(from);
  } else {
    refuse_variable(name, *value,
                    "set it to always_on, always_off or traceidratio, or one of these behind "
                    "parentbased_");
  }
  return result;
}

void read_batches(const env_values& from, trace_settings& into) {
  constexpr auto most = static_cast<long long>(tunables::largest_queue);
  const std::string queue = "OTEL_BSP_MAX_QUEUE_SIZE", batch = "OTEL_BSP_MAX_EXPORT_BATCH_SIZE";
  if (const auto size = from.number(queue, 1, most)) {
    into.queue_size = static_cast<std::size_t>(*size);
  }
  into.batch_size = std::min(into.batch_size, into.queue_size);
  const auto largest = static_cast<long long>(into.queue_size);
  if (const auto size = from.number(batch, 1, largest)) {
    into.batch_size = static_cast<std::size_t>(*size);
  }
  if (const auto delay = from.number("OTEL_BSP_SCHEDULE_DELAY", 0, tunables::largest_number)) {
    into.schedule_delay = std::chrono::milliseconds(*delay);
  }
}

}  // namespace

std::optional<trace_settings> trace_settings_from(const variable_reader& variable,
                                                  const std::string& default_service_name) {
  const env_values from(variable);
  if (is_off(from)) return std::nullopt;
  auto endpoint = endpoint_from(from);
  if (!endpoint) return std::nullopt;
  check_protocol(from);
  trace_settings result;
  result.endpoint = std::move(*endpoint);
  result.headers = headers_from(from);
  if (const auto given = of_exporter(from, "TIMEOUT")) {
    const long long ms = whole_number(given->first, given->second, 0, tunables::largest_number);
    result.timeout = std::chrono::milliseconds(ms == 0 ? tunables::largest_number : ms);
  }
  if (auto given = of_exporter(from, "CERTIFICATE")) result.ca_file = std::move(given->second);
  result.service_name = default_service_name;
  read_resource(from, result);
  result.sampled = sampler_from(from);
  read_batches(from, result);
  return result;
}

}  // namespace longhaul::telemetry
