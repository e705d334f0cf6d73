// SPDX-License-Identifier: Apache-2.0
// What programs printed, as resources (`outputs.hpp` has the addresses): whoever may see the task
// may read it, while it runs and after; the work behind a plain call, too.
#pragma once

#include "server/resource_source.hpp"
#include "tasks/engine.hpp"

namespace longhaul::serving {

class captured_output final : public resource_source {
 public:
  /// Both must outlive this.
  captured_output(output_source& outputs, tasks::engine& engine)
      : outputs_(outputs), engine_(engine) {}

  std::span<const resource_template> templates() const override;
  awaitable<std::optional<resource_contents>> read(const caller& who,
                                                   std::string_view uri) override;

 private:
  output_source& outputs_;
  tasks::engine& engine_;
};

}  // namespace longhaul::serving
