// SPDX-License-Identifier: Apache-2.0
#include "command/result.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <utility>

#include "command/terminal_text.hpp"
#include "command/tunables.hpp"
#include "json/view.hpp"
#include "json/write.hpp"
#include "typed/rules.hpp"

namespace longhaul::command {
namespace {

struct named_signal {
  int number;
  std::string_view name;
};
constexpr std::array<named_signal, 23> signals{{
    {SIGHUP, "SIGHUP"},   {SIGINT, "SIGINT"},       {SIGQUIT, "SIGQUIT"},     {SIGILL, "SIGILL"},
    {SIGTRAP, "SIGTRAP"}, {SIGABRT, "SIGABRT"},     {SIGBUS, "SIGBUS"},       {SIGFPE, "SIGFPE"},
    {SIGKILL, "SIGKILL"}, {SIGUSR1, "SIGUSR1"},     {SIGSEGV, "SIGSEGV"},     {SIGUSR2, "SIGUSR2"},
    {SIGPIPE, "SIGPIPE"}, {SIGALRM, "SIGALRM"},     {SIGTERM, "SIGTERM"},     {SIGXCPU, "SIGXCPU"},
    {SIGXFSZ, "SIGXFSZ"}, {SIGVTALRM, "SIGVTALRM"}, {SIGPROF, "SIGPROF"},     {SIGIO, "SIGIO"},
    {SIGPWR, "SIGPWR"},   {SIGSYS, "SIGSYS"},       {SIGSTKFLT, "SIGSTKFLT"},
}};

std::size_t lines_in(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count(text, '\n')) + 1;
}

// How a program ended, in words, for whoever had it run.
class ending_teller {
 public:
  /// `most`: bytes of output in a failure.
  ending_teller(const program_spec& program, std::string_view name, const program_end& end,
                const captured_output& out, const captured_output& err, std::size_t most)
      : program_(program), name_(name), end_(end), out_(out), err_(err), most_(most) {}

  bool failed() const {
    return end_.how != program_end::kind::exited ||
           std::ranges::find(program_.success, end_.code) == program_.success.end();
  }

  std::string sentence() const {
    const std::string number = std::to_string(end_.code);
    switch (end_.how) {
      case program_end::kind::not_started:
        return name_ + " could not be started: " + end_.reason;
      case program_end::kind::lost:
        return name_ + " may have done part of its work, how it ended is not known: " + end_.reason;
      case program_end::kind::killed: {
        const std::string_view signal = signal_name(end_.code);
        return name_ + " was killed by signal " + number +
               (signal.empty() ? "" : " (" + std::string(signal) + ")");
      }
      case program_end::kind::exited:
        break;
    }
    return name_ + " ended with exit code " + number;
  }

  // The sentence and what the program said last: on standard error, else on standard output.
  std::string failure(std::string reason) const {
    if (!append_last_lines(reason, err_, "standard error")) {
      (void)append_last_lines(reason, out_, "standard output");
    }
    return reason;
  }

 protected:
  struct ending {
    std::string text;
    bool whole = true;  // nothing but blank lines and what a terminal hides was left out
  };
  ending ending_of(const captured_output& output) const {
    const std::string_view kept = last_bytes(output.bytes, most_);
    ending result{last_lines(kept, program_.result_lines)};
    result.whole =
        kept.size() == output.total && result.text == last_lines(kept, program_.result_lines + 1);
    return result;
  }

  bool append_last_lines(std::string& message, const captured_output& output,
                         const std::string& where) const {
    if (output.unreadable) {
      message += "\n\nWhat it printed on " + where + " cannot be read.";
      return true;
    }
    const ending last = ending_of(output);
    if (last.text.empty() && output.lost.empty()) return false;
    if (!output.lost.empty()) {
      message += "\n\nOf " + where + ", what came from byte " + std::to_string(output.end) +
                 " on could not be stored: " + output.lost +
                 (last.text.empty() ? "." : ". The last lines before it:\n");
    } else {
      message += last.whole ? "\n\nOn " + where + ":\n" : "\n\nThe last lines on " + where + ":\n";
    }
    message += last.text;
    return true;
  }

  const program_spec& program_;
  const std::string name_;
  const program_end& end_;
  const captured_output& out_;
  const captured_output& err_;

 private:
  const std::size_t most_;
};

class writer : ending_teller {
 public:
  writer(const tool_spec& tool, const program_end& end, const captured_output& out,
         const captured_output& err)
      : ending_teller(tool, tool.options.name, end, out, err, tool.result_limit), tool_(tool) {}

  tool_result write() const {
    if (failed()) return error(sentence());
    switch (tool_.result) {
      case result_form::json:
        return json_object();
      case result_form::lines:
        return lines();
      case result_form::text:
        break;
    }
    return whole_text();
  }

 private:
  tool_result error(const std::string& reason) const {
    return std::move(tool_result(text(failure(reason))).as_error());
  }

  // What stands above output that is not all of it. `shown`: what follows, as "the last 3 lines".
  static std::string note(const captured_output& output, const std::string& shown) {
    const std::string total = std::to_string(output.total) + " bytes";
    if (!output.lost.empty() && output.bytes.empty()) {
      return "[nothing of the " + total + " that were printed could be stored: " + output.lost +
             "]";
    }
    if (output.lost.empty()) return "[output truncated: showing " + shown + " of " + total + "]\n";
    return "[the end is missing: of " + total + ", those from byte " + std::to_string(output.end) +
           " on could not be stored: " + output.lost + "; showing " + shown + " before it]\n";
  }

  tool_result nothing_printed(const std::string& where) const {
    std::string message = name_ + " ended";
    if (end_.code != 0) message += " with exit code " + std::to_string(end_.code);
    return {text(message + " and printed nothing" + where)};
  }

  tool_result whole_text() const {
    if (out_.unreadable) return error(name_ + " ended, but what it printed cannot be read");
    if (out_.bytes.empty() && out_.lost.empty()) {
      return nothing_printed(err_.total > 0 ? " on standard output" : "");
    }
    const std::string_view kept = last_bytes(out_.bytes, tool_.result_limit);
    if (kept.size() == out_.total) return {text(kept)};
    const std::string shown = "the last " + std::to_string(kept.size());
    return {text(note(out_, out_.lost.empty() ? shown : shown + " bytes") + std::string(kept))};
  }

  tool_result lines() const {
    if (out_.unreadable) return error(name_ + " ended, but what it printed cannot be read");
    const captured_output* from = &out_;
    ending last = ending_of(out_);
    if (last.text.empty() && out_.lost.empty()) {
      from = &err_;
      last = ending_of(err_);
    }
    if (last.text.empty() && from->lost.empty()) return nothing_printed("");
    if (last.whole && from->lost.empty()) return {text(last.text)};
    const std::size_t count = last.text.empty() ? 0 : lines_in(last.text);
    return {text(note(*from, count == 1 ? std::string("the last line")
                                        : "the last " + std::to_string(count) + " lines") +
                 last.text)};
  }

  tool_result json_object() const {
    const std::string wanted = name_ + " should print one JSON object on standard output, but ";
    if (out_.unreadable) return no_json(wanted + "what it printed cannot be read");
    if (!out_.lost.empty()) {
      return no_json(wanted + "of the " + std::to_string(out_.total) +
                     " bytes that it printed, those from byte " + std::to_string(out_.end) +
                     " on could not be stored: " + out_.lost);
    }
    if (out_.total > tool_.result_limit || out_.bytes.size() < out_.total) {
      return no_json(wanted + "it printed " + std::to_string(out_.total) + " bytes; at most " +
                     std::to_string(tool_.result_limit) + " can be a result");
    }
    if (out_.bytes.find_first_not_of(" \t\r\n") == std::string::npos) {
      return no_json(wanted + "it printed nothing");
    }
    raw_json printed;
    try {
      printed = raw_json::parse(out_.bytes);
    } catch (const invalid_json& error) {
      return no_json(wanted + "what it printed is " + error.what() + "; " + beginning());
    }
    if (!json::value(printed).is(json::kind::object)) {
      return no_json(wanted + "what it printed is other JSON; " + beginning());
    }
    return structured(std::move(printed));
  }

  tool_result no_json(std::string message) const {
    (void)append_last_lines(message, err_, "standard error");
    return std::move(tool_result(text(message)).as_error());
  }

  std::string beginning() const {
    const std::string_view shown = first_bytes(out_.bytes, tunables::shown_beginning);
    std::string quoted;
    json::append_string(quoted, shown);
    return (shown.size() < out_.bytes.size() ? "it begins with " : "it is ") + quoted;
  }

  const tool_spec& tool_;
};

void add_link(tool_result& result, const tool_spec& tool, const captured_output& output,
              std::string_view task_id, std::string_view stream, std::string_view title) {
  if (output.total == 0 || task_id.empty()) return;
  link_options more;
  more.title = std::string(title) + " of " + tool.options.name;
  more.mime_type = "text/plain";
  more.size = std::min<std::uint64_t>(output.total, tool.output_limit);
  std::string uri = "longhaul://tasks/";
  uri.append(task_id).append("/").append(stream);
  result.add(resource_link(uri, stream, more));
}

}  // namespace

std::string_view signal_name(int signal) noexcept {
  const auto at = std::ranges::find(signals, signal, &named_signal::number);
  return at == signals.end() ? std::string_view() : at->name;
}

tool_result program_result(const tool_spec& tool, const program_end& end,
                           const captured_output& out, const captured_output& err,
                           std::string_view task_id) {
  tool_result result = writer(tool, end, out, err).write();
  add_link(result, tool, out, task_id, "stdout", "Standard output");
  add_link(result, tool, err, task_id, "stderr", "Standard error");
  return result;
}

std::string program_failure(const program_spec& program, std::string_view called,
                            const program_end& end, const captured_output& out,
                            const captured_output& err) {
  const ending_teller teller(program, called, end, out, err, tunables::max_failure_text);
  return teller.failed() ? teller.failure(teller.sentence()) : std::string();
}

}  // namespace longhaul::command
