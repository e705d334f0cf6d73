// SPDX-License-Identifier: Apache-2.0
// Everything that the program started: all descendants of this process, which is their subreaper,
// so that whoever loses its parents becomes our child and nobody gets out of sight, daemons that
// forked twice and made sessions of their own included.
#pragma once

#include <sys/types.h>

#include "command/process_table.hpp"

namespace longhaul::runner {

class family {
 public:
  /// `program`: our child, leader of a process group.
  /// `children`: made before the program, which may take our descriptors away.
  family(pid_t program, const command::own_children& children)
      : program_(program), children_(children) {}

  /// Collects the status of whoever ended. Afterwards `extinct` and `program_status` are current.
  void reap();
  /// No child is left, and therefore no descendant either.
  bool extinct() const { return extinct_; }
  bool program_ended() const { return program_ended_; }
  /// As waitpid gives it; valid once the program ended.
  int program_status() const { return program_status_; }

  /// SIGTERM to all, once each, also to those that had stopped themselves; they go on.
  void ask_to_end();
  /// SIGKILL to all that can be found. They are stopped first: what cannot fork cannot outrun us.
  /// Who was being born meanwhile is left for the next time. False: whoever is left belongs to
  /// other users, and cannot be ended by us.
  bool kill();

 private:
  std::vector<command::process_entry> living() const;
  void signal_group(int signal) const;

  pid_t program_;
  const command::own_children& children_;
  bool program_ended_ = false;
  int program_status_ = 0;
  bool extinct_ = false;
};

}  // namespace longhaul::runner
