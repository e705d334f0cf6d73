// SPDX-License-Identifier: Apache-2.0
// Every number of programs as tools that somebody may want to change, with its unit and its reason.
// What a file may say otherwise stands in longhaul/limits.hpp.
//
// The helper includes this too: it needs the standard library alone.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace longhaul::command::tunables {

using namespace std::chrono_literals;

// --- arguments

/// Bytes of one argument: Linux takes 128 KiB with the NUL behind it (MAX_ARG_STRLEN).
inline constexpr std::size_t max_argument_bytes = std::size_t{128} * 1024 - 1;
/// Bytes of an argument vector, with a NUL and a pointer for each argument. Linux takes a quarter
/// of the stack limit, usually 2 MiB, for this and the environment.
inline constexpr std::size_t max_command_bytes = std::size_t{1024} * 1024;
/// Characters of a parameter's name, as hosts and providers of models have it.
inline constexpr std::size_t max_parameter_name = 64;

// --- what a program prints

/// What an output file can keep: 1 TiB.
inline constexpr std::uint64_t max_output_capacity = std::uint64_t{1} << 40;
/// How often a header is read again that was met while it was copied, which takes a microsecond.
inline constexpr int header_attempts = 1000;
/// How often a writer may overtake a reader before that gives up for this time.
inline constexpr int read_attempts = 16;
/// How often a temporary root is made again because a server that started took it for one that was
/// left behind.
inline constexpr int root_attempts = 5;
/// How long what was found about the output's folder holds: it is asked for by every ready check.
inline constexpr auto output_look_every = 1s;
/// Bytes that are written to see whether output can be kept: more than a file system hides.
inline constexpr std::size_t probe_bytes = 8192;
/// Bytes of output that was to be JSON and is none, as the failure shows it.
inline constexpr std::size_t shown_beginning = 200;
/// How long the output of a plain call can be read after its reply, which links it.
inline constexpr auto plain_output_kept = 10min;

// --- programs that are no tools

/// Bytes of output in the error of a resource or a completer that failed: for somebody who reads
/// it.
inline constexpr std::size_t max_failure_text = 4096;
/// Bytes that a completer may print: a hundred suggestions, long ones, and some more.
inline constexpr std::size_t max_suggestions_text = std::size_t{256} * 1024;
/// Bytes of a suggestion; longer ones are left out.
inline constexpr std::size_t max_suggestion = 1024;
/// Bytes of a prompt that was filled in: as many as a message of a client can have.
inline constexpr std::size_t max_prompt = std::size_t{4} << 20;
/// Bytes that one read of a file takes.
inline constexpr std::size_t file_read = std::size_t{64} * 1024;

// --- progress

/// How often what a program printed is looked at for progress: people see no difference, and it is
/// nothing beside a running program.
inline constexpr auto look_at_output_every = 200ms;
/// How often output that no pattern watches is looked at, only to see that there is more; and four
/// times within a `stall_limit` where that is more often.
inline constexpr std::chrono::milliseconds look_for_life_every = 1s;
inline constexpr int looks_for_life = 4;
/// Bytes that one look reads; a program that prints faster is looked at where it is now.
inline constexpr std::size_t look_at_most = std::size_t{256} * 1024;
/// Bytes of a line that are looked at, escape sequences included.
inline constexpr std::size_t max_progress_line = 4096;
/// Characters of a number in it.
inline constexpr std::size_t max_number = 64;

// --- the channel ($LONGHAUL_FD)

/// Bytes of a line, without its end: a question with its form, or a checkpoint.
inline constexpr std::size_t max_channel_line = std::size_t{256} * 1024;
inline constexpr std::size_t channel_read = std::size_t{16} * 1024;
/// Characters of a question's key.
inline constexpr std::size_t max_question_key = 128;
/// Bytes of a status line: it is in every list and notification.
inline constexpr std::size_t max_status = 1024;

// --- the end of programs

/// What `longhaul-run` waits at most between SIGTERM and SIGKILL.
inline constexpr std::chrono::milliseconds max_stop_grace = 24h;
/// Bytes of what the helper says at its end; each of its two texts, escaped, has at most
/// `helper_text`.
inline constexpr std::size_t helper_status = 8192;
inline constexpr std::size_t helper_text = 1900;

/// A program that does not fight its helper is looked at once a second; one that is being ended,
/// more often.
inline constexpr auto look_at_helper_every = 1000ms;
inline constexpr auto look_at_ending_every = 200ms;
/// So often in a row is a helper woken in vain: whoever stops it again and again means to hold it.
inline constexpr int looks_held = 3;
/// What a helper may take beyond the grace: it kills within milliseconds.
inline constexpr auto patience = 2000ms;
/// Between rounds of clearing; it grows, because who survives one hangs in the kernel.
inline constexpr auto first_clearing_pause = 5ms;
inline constexpr auto longest_clearing_pause = 500ms;
/// So many rounds is a held helper spared, because what is left of its program cannot get away from
/// it.
inline constexpr int rounds_with_helper = 40;
/// So long the warden sleeps at a time, if there is nothing to do: milliseconds that fit an int.
inline constexpr std::chrono::milliseconds longest_sleep = 60s;
/// How long the end of this process waits for what belongs to held helpers.
inline constexpr auto last_effort = 2000ms;
/// How long a start waits for what a killed server left.
inline constexpr auto former_programs_wait = 2000ms;

// --- looks at the process table

/// Passes in which all are stopped. In each, only those that were forked during the one before are
/// new: a few of them end every fork bomb.
inline constexpr int stop_passes = 16;
/// Passes that find nobody new. One is not enough: who loses its parent during a pass may be
/// missed.
inline constexpr int quiet_passes = 2;
/// Who has not stopped after so many looks hangs in the kernel, or waits for a child that we
/// stopped (vfork).
inline constexpr int stop_looks = 20;
inline constexpr auto between_stop_looks = 1ms;
/// Looks at our children in one round, about 10 µs each.
inline constexpr int chases = 2000;
/// Looks at the same children, who then are not about to fork, but hang in the kernel.
inline constexpr int idle_chases = 50;
/// Bytes of arguments or environment that are read: a kernel lets no process begin with more than
/// 6 MiB of both.
inline constexpr std::size_t max_process_text = std::size_t{8} << 20;

}  // namespace longhaul::command::tunables
