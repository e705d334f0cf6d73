// SPDX-License-Identifier: Apache-2.0
#include "operator/api_error.hpp"

#include "json/write.hpp"

namespace longhaul::operating {
namespace {

// What to do about refusals of the transport, which knows nothing of operators.
std::string_view usual_hint(int status) noexcept {
  switch (status) {
    case 401:
      return "send Authorization: Bearer KEY with a key of an [[operator.key]] table";
    case 403:
      return "what came through a proxy (it has Forwarded or X-Forwarded-...) needs a listener "
             "with keys; else allow the host or the origin (allow_hosts, allow_origins), or use a "
             "key with role = \"act\"";
    case 404:
      return "GET api/v1/openapi.json lists what there is";
    default:
      return {};
  }
}

}  // namespace

std::string_view error_code_of(int status) noexcept {
  switch (status) {
    case 401:
      return "unauthorized";
    case 403:
      return "forbidden";
    case 404:
      return "not_found";
    case 405:
      return "method_not_allowed";
    case 409:
      return "conflict";
    case 413:
    case 431:
      return "too_large";
    case 429:
      return "busy";
    case 503:
      return "unavailable";
    default:
      return status >= 500 ? "failed" : "invalid";
  }
}

std::string error_body(int status, std::string_view message, std::string_view hint) {
  if (hint.empty()) hint = usual_hint(status);
  std::string out;
  json::object body(out);
  body.string("code", error_code_of(status)).string("message", message);
  hint.empty() ? body.null("hint") : body.string("hint", hint);
  body.close();
  return out;
}

}  // namespace longhaul::operating
