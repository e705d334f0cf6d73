// SPDX-License-Identifier: Apache-2.0
// What a task's program printed, as resources: `longhaul://tasks/{id}/stdout` and `…/stderr`, whole
// (the newest part of it, if it is long) or a part by `?offset=N` or `?tail=N`, in bytes. Whoever
// may see the task may read them, while it runs and after.
//
// Threads: a source is called on any thread that may block.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace longhaul::serving {

/// Where captured output comes from.
class output_source {
 public:
  virtual ~output_source() = default;

  struct part {
    std::string bytes;
    std::uint64_t offset = 0;  ///< of the first byte, in all that was ever printed
    std::uint64_t total = 0;   ///< printed so far
    /// What was printed from here on could not be stored (a full disk, say).
    std::optional<std::uint64_t> lost_from = std::nullopt;
  };
  /// Up to `most` bytes from `offset` on, or from the first byte that is still kept after it; null
  /// if nothing is known of this task. `stream` is "stdout" or "stderr".
  /// Throws `std::runtime_error` if what is kept cannot be read.
  virtual std::optional<part> read(std::string_view task, std::string_view stream,
                                   std::uint64_t offset, std::size_t most) = 0;
  /// The last bytes, `most` of them at most.
  virtual std::optional<part> tail(std::string_view task, std::string_view stream,
                                   std::size_t most) = 0;

  /// Two that are equal: nothing was printed in between.
  struct extent {
    std::uint64_t total = 0;   ///< printed so far
    std::int64_t changed = 0;  ///< when, on a clock of its own: an attempt may print as much again
    bool operator==(const extent&) const = default;
  };
  /// How much there is, without reading it. Null, and throws: as `read`.
  virtual std::optional<extent> look(std::string_view task, std::string_view stream) = 0;
  /// A program of this task may still print: after a cancel, say, until it is gone.
  virtual bool in_use(std::string_view task) const = 0;
  /// Why what programs print cannot be kept at the moment, without paths; empty: it can. Looks at
  /// most once a second.
  virtual std::string trouble() { return {}; }
};

/// What programs that ran at this process came to, since it began.
struct program_figures {
  /// By "0", "75", "SIGKILL", "lost", "not started".
  std::map<std::string, std::uint64_t, std::less<>> exits = {};
  std::uint64_t stdout_bytes = 0, stderr_bytes = 0;  ///< printed by those that have ended
};

/// Hears where programs print. Called on any thread; must not block or throw.
class output_listener {
 public:
  virtual ~output_listener() = default;
  /// A program of this task is about to start: nothing of it is printed yet.
  virtual void on_begun(std::string_view task) = 0;
  /// It has ended: all that it printed is there.
  virtual void on_ended(std::string_view task) = 0;
};

/// A resource's address taken apart.
struct output_address {
  std::string task;
  std::string stream;
  std::optional<std::uint64_t> offset = std::nullopt;
  std::optional<std::uint64_t> tail = std::nullopt;
};
/// Null: not the address of captured output. Throws `std::invalid_argument` for one that is, with
/// something wrong in its query.
std::optional<output_address> parse_output_address(std::string_view uri);

/// Contents of a resource as they are sent.
struct resource_contents {
  std::string bytes;
  bool is_text = true;  ///< UTF-8; else it is sent as a blob
  std::uint64_t offset = 0, next_offset = 0, total = 0;
  bool ended = false;                                     ///< nothing more will be printed
  std::optional<std::uint64_t> lost_from = std::nullopt;  ///< as in `output_source::part`
};
/// `part` as text if it is: characters cut at its edges are left out (and `next_offset` is where
/// they begin), everything else that is not UTF-8 makes it a blob. `ended`: nothing more will be
/// printed, so a character cut at the very end stays one.
/// A caller who asked for `offset` gets what is there from that very byte on.
resource_contents contents_of(output_source::part part, bool ended,
                              std::optional<std::uint64_t> offset = std::nullopt);

}  // namespace longhaul::serving
