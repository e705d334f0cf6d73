// SPDX-License-Identifier: Apache-2.0
// GET /openapi.json.
#include "operator/api_call.hpp"
#include "operator/page_files.hpp"

namespace longhaul::operating {

awaitable<wire::http_reply> show_description(api_call& call) {
  call.target.allow_only({});
  co_return json_reply(std::string(api_description()));
}

}  // namespace longhaul::operating
