// SPDX-License-Identifier: Apache-2.0
#include "command/interpreters.hpp"

#include <algorithm>
#include <array>

#include "command/command_word.hpp"

namespace longhaul::command {
namespace {

constexpr std::string_view shell_way =
    R"(write "$1" in the text, and the value behind it: ["sh", "-c", "… \"$1\"", "sh", "{NAME}"])";

constexpr std::array<interpreter, 17> interpreters{{
    {.names = " sh bash dash ash zsh ksh mksh rbash csh tcsh fish posh yash ",
     .text = "c",
     .words = " --command ",
     .arguments = "oO",
     .text_attached = false,
     .instead = shell_way,
     .long_arguments = " --rcfile --init-file --init-command "},
    {.names = " flock ",
     .text = "",
     .words = "",
     .arguments = "wE",
     .instead = "start the program without it, as an argument vector",
     .long_arguments = " --timeout --wait --conflict-exit-code ",
     .behind_first = true},
    {.names = " su runuser script ",
     .text = "c",
     .words = " --command --session-command ",
     .arguments = "",
     .anywhere = true,
     .instead = "start the program without it, as an argument vector"},
    {.names = " env ",
     .text = "S",
     .words = " --split-string ",
     .arguments = "uC",
     .instead = "write the arguments as items of their own, without -S"},
    {.names = " python pypy ",
     .text = "c",
     .words = "",
     .arguments = "WX",
     .program = "m",
     .instead = R"(write sys.argv[1] in the text, and "{NAME}" behind it)",
     .long_arguments = " --check-hash-based-pycs "},
    {.names = " perl ",
     .text = "eE",
     .words = "",
     .arguments = "IMmFxidDCV",
     .instead = R"(write $ARGV[0] in the text, and "{NAME}" behind it)"},
    {.names = " ruby jruby ",
     .text = "e",
     .words = "",
     .arguments = "IrCEFKTxWi",
     .instead = R"(write ARGV[0] in the text, and "{NAME}" behind it)",
     .long_arguments = " --encoding --external-encoding --internal-encoding "},
    {.names = " node nodejs bun ",
     .text = "ep",
     .words = " --eval --print ",
     .arguments = "rC",
     .instead = R"(write process.argv[1] in the text, and "{NAME}" behind it)",
     .long_arguments =
         " --require --import --loader --experimental-loader --input-type --conditions "
         "--env-file --preload "},
    {.names = " deno ",
     .text = "",
     .words = " eval ",
     .arguments = "",
     .instead = R"(write Deno.args[0] in the text, and "{NAME}" behind it)"},
    {.names = " php ",
     .text = "rBRE",
     .words = " --run --process-begin --process-code --process-end ",
     .arguments = "cdfFtzS",
     .instead = R"(write $argv[1] in the text, and "--", "{NAME}" behind it)"},
    {.names = " lua luajit ",
     .text = "e",
     .words = "",
     .arguments = "l",
     .instead = R"(write a script, and "{NAME}" behind it: it is arg[1])"},
    {.names = " awk gawk mawk nawk original-awk ",
     .text = "e",
     .words = " --source ",
     .arguments = "FvfilEW",
     .text_is_first = true,
     .instead = R"(write "-v", "NAME={NAME}" before the text, and NAME in it)"},
    {.names = " R Rscript ",
     .text = "e",
     .words = "",
     .arguments = "fg",
     .instead = R"(write commandArgs(TRUE)[1] in the text, and "{NAME}" behind it)"},
    {.names = " julia elixir ghc groovy racket scala osascript ",
     .text = "eE",
     .words = " --eval --print ",
     .arguments = "",
     .instead = R"(write a script, and "{NAME}" behind it)"},
    {.names = " guile expect tclsh ",
     .text = "c",
     .words = "",
     .arguments = "l",
     .instead = R"(write a script, and "{NAME}" behind it)"},
    {.names = " pwsh powershell ",
     .text = "c",
     .words = " -Command -command ",
     .arguments = "",
     .instead = R"(write a script, and "-File", "SCRIPT", "{NAME}")"},
    {.names = " erl ",
     .text = "",
     .words = " -eval ",
     .arguments = "",
     .instead = R"(write a script, and "-extra", "{NAME}" behind it)"},
}};

constexpr std::string_view wrappers =
    " env nice ionice timeout sudo doas xargs nohup setsid stdbuf time chrt taskset unshare "
    "nsenter "
    "chroot runuser su flock find parallel busybox toybox docker podman kubectl systemd-run "
    "firejail "
    "bwrap strace ltrace gdb valgrind unbuffer script ssh watch exec command rlwrap catchsegv "
    "faketime torsocks proxychains nix-shell tini dumb-init catatonit prlimit cgexec numactl perf "
    "uv poetry pipenv pdm rye hatch conda mamba micromamba npx pnpm bundle nix direnv mise asdf ";

constexpr std::string_view languages =
    " sed jq yq gojq grep egrep fgrep pgrep pkill rg ag awk gawk mawk nawk envsubst sqlite3 psql "
    "mysql "
    "bc dc expr test [ gnuplot ffmpeg ffprobe find git printf ";

}  // namespace

const interpreter* interpreter_called(std::string_view name) {
  const auto found = std::ranges::find_if(
      interpreters, [&](const interpreter& one) { return holds(one.names, name); });
  return found != interpreters.end() ? &*found : nullptr;
}

bool starts_others(std::string_view name) { return holds(wrappers, name); }
bool has_own_language(std::string_view name) { return holds(languages, name); }

}  // namespace longhaul::command
