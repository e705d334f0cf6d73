// SPDX-License-Identifier: Apache-2.0
// Methods of extensions that users add, for all revisions. Basic "Extensions".
#include "wire/extensions.hpp"
#include "server/refusals.hpp"
#include "wire/call_parameters.hpp"
#include "wire/calling.hpp"
#include "wire/method_table.hpp"
#include "wire/refusals.hpp"
#include "wire/result_json.hpp"

namespace longhaul::wire {

awaitable<wire_reply> call_extension(context& shared, const incoming& request) {
  const serving::method_entry* const method =
      shared.server.features().extensions().find_method(request.call.method);
  if (method == nullptr) return at_once(method_not_found(request));
  if (request.look.stateless && !declares(request.meta, method->extension)) {
    const auto undeclared = serving::refuse(serving::refusal::missing_capability,
                                            "the client does not declare " + method->extension);
    return at_once(refuse_unrun(shared, request, method->run->name(),
                                extension_params(request.call.params.whole()), undeclared,
                                missing_extension(request, method->extension)));
  }
  auto call = read_run(shared, request, method->run, extension_params(request.call.params.whole()));
  if (!call) return at_once(invalid_params(request, call.error().words));
  call_kind kind;
  kind.names_its_type = true;
  return run_call(shared, request, *std::move(call), kind);
}

}  // namespace longhaul::wire
