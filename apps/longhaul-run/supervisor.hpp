// SPDX-License-Identifier: Apache-2.0
// The helper's one loop: copies output, watches the lifeline, the signals and the clock, and ends
// when nothing of the program is left.
//
//   running ──program ended, lifeline ended, SIGTERM──► asked to end ──grace is over──► killing
//      └─────────────── no descendant left ◄──────────────────┴──────────────────────────┘
//
// It sleeps in poll() until something happens; descriptors that ended are taken out of it. Output
// is always read, also beyond the limit and while all are being ended: a program never waits for
// us.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

#include "command/descriptor.hpp"
#include "command/output_file.hpp"
#include "family.hpp"
#include "options.hpp"
#include "program.hpp"
#include "status.hpp"

namespace longhaul::runner {

class supervisor {
 public:
  /// `signals`: a signalfd for SIGCHLD and for the signals that mean the end. The lifeline of
  /// `options` becomes ours.
  supervisor(const run_options& options, started_program program, command::descriptor signals,
             command::output_writer& output, command::output_writer& errors);

  /// Until nothing is left of the program.
  ending run();

 private:
  using clock = std::chrono::steady_clock;
  enum class stage : std::uint8_t { running, asked, killing };
  struct stream {
    command::descriptor pipe;
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
  bool finished() const { return (family_.program_ended() && family_.extinct()) || given_up_; }
  ending result() const;

  std::chrono::milliseconds grace_;
  command::descriptor signals_;
  command::descriptor lifeline_;
  std::array<stream, 2> streams_;
  family family_;
  stage stage_ = stage::running;
  clock::time_point next_ = {};  // when `asked` is over, or the next round of `killing` is due
  std::chrono::milliseconds pause_;
  bool stopped_ = false;
  bool given_up_ = false;
};

}  // namespace longhaul::runner
