// SPDX-License-Identifier: Apache-2.0
// The helper's one loop: copies output, watches the lifeline, the signals and the clock, and ends
// when nothing of the program is left.
//
//   running ──program ended, lifeline ended, SIGTERM──► asked to end ──grace is over──► killing
//      └─────────────── no descendant left ◄──────────────────┴──────────────────────────┘
//
// If killing gets us nowhere (a program may have taken our descriptors away, say) and the server
// lives, what is left is the server's: it has a second line (command/warden.hpp).
//
// It sleeps in poll() until something happens; descriptors that ended are taken out of it. Output
// is always read, also beyond the limit and while all are being ended: a program never waits for
// us.
#pragma once

#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>

#include "base/descriptor.hpp"
#include "command/output_file.hpp"
#include "family.hpp"
#include "options.hpp"
#include "program.hpp"
#include "status.hpp"

namespace longhaul::runner {

class supervisor {
 public:
  /// `children` and output must outlive it. `signals`: a signalfd for SIGCHLD and for the signals
  /// that mean the end.
  supervisor(const run_options& options, started_program program, descriptor signals,
             const command::own_children& children, command::output_writer& output,
             command::output_writer& errors);

  /// Until nothing is left of the program.
  ending run();

 private:
  using clock = std::chrono::steady_clock;
  enum class stage : std::uint8_t { running, asked, killing };
  struct stream {
    descriptor pipe;
    command::output_writer& file;
  };

  int time_to_sleep() const;
  void wait();
  void read_signals();
  void read_lifeline();
  /// False: nothing is there at the moment, or ever again.
  static bool copy_some(stream& from);
  static void drain(stream& from);
  void stop();
  void begin_end();
  void advance();
  /// The other side of the lifeline is there.
  bool server_lives() const;
  bool finished() const {
    return (family_.program_ended() && family_.extinct()) || given_up_ || handed_over_;
  }
  ending result() const;

  std::chrono::milliseconds grace_;
  descriptor signals_;
  int lifeline_;
  const pid_t server_ = ::getppid();
  bool listening_ = true;  // to the lifeline
  std::array<stream, 2> streams_;
  family family_;
  stage stage_ = stage::running;
  clock::time_point next_ = {};  // when `asked` is over, or the next round of `killing` is due
  std::chrono::milliseconds pause_;
  clock::time_point hand_over_ = {};  // once `killing`
  bool stopped_ = false;
  bool given_up_ = false;
  bool handed_over_ = false;
};

}  // namespace longhaul::runner
