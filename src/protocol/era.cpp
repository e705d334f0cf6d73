// SPDX-License-Identifier: Apache-2.0
#include "protocol/era.hpp"

#include <algorithm>
#include <array>

namespace longhaul::protocol {
namespace {

// In the order of `revision`, which is the order of time.
constexpr std::array<std::string_view, 4> names = {"2025-03-26", "2025-06-18", "2025-11-25",
                                                   modern_version};

bool is_date(std::string_view text) noexcept {
  if (text.size() != 10) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if ((i == 4 || i == 7) ? text[i] != '-' : !digit) return false;
  }
  return true;
}

bool is_integer(json::value v) noexcept {
  return v.is(json::kind::number) &&
         v.raw().find_first_not_of("-0123456789") == std::string_view::npos;
}

// Legacy messages have no version in `_meta`; one that names a legacy revision changes nothing.
bool is_modern_meta(const request_meta& meta) {
  if (!meta.version) return false;
  const auto version = meta.version.string();
  return !served_legacy(*version);
}

era era_of_legacy_header(std::optional<std::string_view> header) {
  return !header || served_legacy(*header) ? era::legacy : era::unknown_legacy_header;
}

era era_of_served(const request_meta& meta) {
  return meta.version.equals(modern_version) ? era::modern : era::unsupported;
}

}  // namespace

std::string_view to_string(revision version) noexcept {
  return names[static_cast<std::size_t>(version)];
}

std::optional<revision> served_revision(std::string_view version) noexcept {
  const auto* at = std::find(names.begin(), names.end(), version);
  if (at == names.end()) return std::nullopt;
  return static_cast<revision>(at - names.begin());
}

std::optional<revision> served_legacy(std::string_view version) noexcept {
  const auto found = served_revision(version);
  return found && *found <= newest_legacy ? found : std::nullopt;
}

revision negotiate(std::string_view requested) noexcept {
  return served_legacy(requested).value_or(newest_legacy);
}

std::string_view supported_versions_json() noexcept {
  return R"(["2026-07-28","2025-11-25","2025-06-18","2025-03-26"])";
}

request_meta read_meta(const json::indexed& params) {
  request_meta meta;
  const json::value all = params["_meta"];
  if (!all.is(json::kind::object)) return meta;
  meta.all = all;
  for (json::members m(all); m.next();) {
    const json::value v = m.value();
    if (v.is(json::kind::null)) continue;  // as if it were not there
    if (m.key() == version_key) {
      if (!meta.version && v.is(json::kind::string)) meta.version = v;
    } else if (m.key() == capabilities_key) {
      if (!meta.capabilities && v.is(json::kind::object)) meta.capabilities = v;
    } else if (m.key() == "progressToken") {
      if (v.is(json::kind::string) || is_integer(v)) meta.progress_token = v;
    } else if (m.key() == "io.modelcontextprotocol/logLevel") {
      if (v.is(json::kind::string)) meta.log_level = v;
    } else if (m.key() == idempotency_key) {
      meta.idempotency_key = v;
    } else if (m.key() == first_sent_key) {
      meta.first_sent = v;
    }
  }
  return meta;
}

bool is_modern_header(std::optional<std::string_view> header) noexcept {
  // Revisions are dates, so a later one is known by its name; anything else is a legacy mistake.
  return header && is_date(*header) && *header > to_string(newest_legacy);
}

era era_of_http_request(std::optional<std::string_view> header, const request_meta& meta) {
  if (!is_modern_header(header) && !is_modern_meta(meta)) return era_of_legacy_header(header);
  if (!meta.version || !meta.capabilities) return era::missing_meta;
  if (!header || !meta.version.equals(*header)) return era::version_mismatch;
  return era_of_served(meta);
}

era era_of_http_notification(std::optional<std::string_view> header, const request_meta& meta) {
  if (is_modern_header(header) || is_modern_meta(meta)) return era::modern;
  return era_of_legacy_header(header);
}

era era_of_pipe_message(const request_meta& meta) {
  if (!is_modern_meta(meta)) return era::legacy;
  if (!meta.capabilities) return era::missing_meta;
  return era_of_served(meta);
}

}  // namespace longhaul::protocol
