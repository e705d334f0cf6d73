// SPDX-License-Identifier: Apache-2.0
// What programs printed, as resources (`outputs.hpp` has the addresses): whoever may see the task
// may read it and hear of its growth, while it runs and after; the work behind a plain call, too.
#pragma once

#include "server/output_watch.hpp"
#include "server/resource_source.hpp"
#include "tasks/engine.hpp"

namespace longhaul::serving {

class captured_output final : public resource_source {
 public:
  /// All must outlive this. Throws `std::system_error` if no thread can be started.
  captured_output(output_source& outputs, tasks::engine& engine, resource_watch& listeners,
                  logger log)
      : outputs_(outputs), engine_(engine), watch_(outputs, engine, listeners, std::move(log)) {
    watch_.start();
  }

  std::span<const resource_template> templates() const override;
  awaitable<std::optional<resource_contents>> read(const caller& who,
                                                   std::string_view uri) override;
  awaitable<resource_hold_ptr> hold(const caller& who, std::string_view uri) override {
    return watch_.hold(who, uri);
  }

 private:
  output_source& outputs_;
  tasks::engine& engine_;
  output_watch watch_;
};

}  // namespace longhaul::serving
