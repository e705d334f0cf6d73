// SPDX-License-Identifier: Apache-2.0
#include "server/captured_output.hpp"

#include <algorithm>
#include <array>

#include "server/tunables.hpp"

namespace longhaul::serving {
namespace {

constexpr std::array<resource_template, 2> output_templates = {{
    {"longhaul://tasks/{taskId}/stdout{?offset,tail}", "stdout of a task",
     "What the program of a task printed, while it runs and after: the last part of it, the bytes "
     "from an offset on, or the last bytes",
     "text/plain"},
    {"longhaul://tasks/{taskId}/stderr{?offset,tail}", "stderr of a task",
     "The same for standard error", "text/plain"},
}};

}  // namespace

std::span<const resource_template> captured_output::templates() const { return output_templates; }

awaitable<std::optional<resource_contents>> captured_output::read(const caller& who,
                                                                  std::string_view uri) {
  const auto address = parse_output_address(uri);
  if (!address) co_return std::nullopt;
  const task_ptr task = co_await engine_.get_any(who.owner, address->task);
  if (!task) co_return std::nullopt;
  std::optional<output_source::part> part;
  bool ended = task->terminal();
  auto looking = engine_.offload([&] {
    constexpr std::uint64_t limit = tunables::output_read_limit;
    ended = ended && !outputs_.in_use(address->task);  // before it is read: then that is all
    const auto most = static_cast<std::size_t>(std::min(address->tail.value_or(limit), limit));
    part = address->offset ? outputs_.read(address->task, address->stream, *address->offset, most)
                           : outputs_.tail(address->task, address->stream, most);
  });
  co_await std::move(looking);
  if (!part) co_return std::nullopt;
  co_return contents_of(*std::move(part), ended, address->offset);
}

}  // namespace longhaul::serving
