// SPDX-License-Identifier: Apache-2.0
#include "terminal/completion_scripts.hpp"

#include <stdexcept>
#include <string>

#include "typed/wording.hpp"

namespace longhaul::terminal {
namespace {

// Bash cuts words at COMP_WORDBREAKS, as `:` and `=`, and replaces only what stands behind the last
// cut; so the words are put together again, and what bash keeps is taken off the suggestions.
constexpr std::string_view bash_script = R"bash(# Completion of longhaul for bash.
#   source <(longhaul completion bash)

# A word as the program would get it: without its quotes. Nothing in it is run.
__longhaul_unquote() {
  local text=$1 result= quote= char
  local -i i
  for ((i = 0; i < ${#text}; i++)); do
    char=${text:i:1}
    if [[ $quote == "'" ]]; then
      if [[ $char == "'" ]]; then quote=; else result+=$char; fi
    elif [[ $char == '\' ]]; then
      ((++i))
      [[ -z $quote || ${text:i:1} == [\\\"\$\`] ]] || result+='\'
      result+=${text:i:1}
    elif [[ $quote == '"' ]]; then
      if [[ $char == '"' ]]; then quote=; else result+=$char; fi
    elif [[ $char == [\'\"] ]]; then
      quote=$char
    else
      result+=$char
    fi
  done
  __longhaul_text=$result
}

# A suggestion as it is typed: quoted as the word was begun.
__longhaul_quote() {
  local text=$1
  case $2 in
    "'") text=${text//"'"/"'\''"} ;;
    '"')
      text=${text//'\'/'\\'}
      text=${text//'"'/'\"'}
      text=${text//'$'/'\$'}
      text=${text//'`'/'\`'}
      ;;
    *)
      printf -v text %q "$text"
      # What is no harm in a word stays readable.
      text=${text//'\='/=}
      text=${text//'\:'/:}
      text=${text//'\,'/,}
      text=${text//'\@'/@}
      ;;
  esac
  __longhaul_text=$text
}

__longhaul() {
  local IFS=$' \t\n' __longhaul_text
  local rest=${COMP_LINE:0:COMP_POINT} word piece=
  local -a typed=() asked=()
  local -i i
  for ((i = 0; i <= COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if [[ $rest == [[:space:]]* || $i == 0 ]]; then
      rest=${rest#"${rest%%[![:space:]]*}"}
      typed+=("")
    fi
    [[ $rest == "$word"* ]] || word=$rest
    typed[${#typed[@]} - 1]+=$word
    rest=${rest#"$word"}
    piece=$word
  done

  for word in "${typed[@]:1}"; do
    __longhaul_unquote "$word"
    asked+=("$__longhaul_text")
  done

  # What bash keeps of the last word, and the quote that its rest was begun with.
  local last=${typed[${#typed[@]} - 1]} quote= kept
  [[ $piece == [\'\"]* ]] && quote=${piece:0:1}
  [[ -n $piece && -z ${piece//[:=@]/} ]] && piece=
  __longhaul_unquote "${last%"$piece"}"
  kept=$__longhaul_text

  local program=${typed[0]/#'~'/$HOME} line value
  local -a values=() descriptions=()
  while IFS= read -r line; do
    value=${line%%$'\t'*}
    [[ $value == "$kept"* ]] || continue
    __longhaul_quote "${value#"$kept"}" "$quote"
    values+=("$__longhaul_text")
    [[ $line == *$'\t'* ]] && line=${line#*$'\t'} || line=
    descriptions+=("$line")
  done < <("$program" __complete -- "${asked[@]}" 2>/dev/null)

  COMPREPLY=("${values[@]}")
  if [[ ${#values[@]} -gt 1 && ${COMP_TYPE:-9} == 63 ]]; then
    # A list to look at. What stands behind the values differs no earlier than they do.
    local -i width=0
    for value in "${values[@]}"; do ((${#value} > width)) && width=${#value}; done
    for ((i = 0; i < ${#values[@]}; i++)); do
      [[ -n ${descriptions[i]} ]] || continue
      printf -v 'COMPREPLY[i]' '%-*s  (%s)' "$width" "${values[i]}" "${descriptions[i]}"
    done
  fi
  [[ ${#values[@]} -eq 1 && ${values[0]} == *= ]] && compopt -o nospace 2>/dev/null
  return 0
}

complete -o default -F __longhaul longhaul
)bash";

constexpr std::string_view zsh_script = R"zsh(#compdef longhaul
# Completion of longhaul for zsh: in a file _longhaul of $fpath, or
#   source <(longhaul completion zsh)

_longhaul() {
  local line value program=${words[1]/#\~/$HOME}
  local -a asked open closed
  asked=("${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}")
  for line in "${(@f)$("$program" __complete -- "${asked[@]}" 2>/dev/null)}"; do
    [[ -n $line ]] || continue
    value=${line%%$'\t'*}
    value=${${value//\\/\\\\}//:/\\:}
    [[ $line == *$'\t'* ]] && value+=:${line#*$'\t'}
    if [[ ${line%%$'\t'*} == *= ]]; then open+=("$value"); else closed+=("$value"); fi
  done
  if (( ! $#open && ! $#closed )); then
    _files
    return
  fi
  local result=1
  (( $#open )) && _describe -t parameters parameter open -S '' && result=0
  (( $#closed )) && _describe -t values value closed && result=0
  return result
}

if [[ ${funcstack[1]-} == _longhaul ]]; then
  _longhaul "$@"
else
  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
  compdef _longhaul longhaul
fi
)zsh";

constexpr std::string_view fish_script = R"fish(# Completion of longhaul for fish.
#   longhaul completion fish > ~/.config/fish/completions/longhaul.fish

function __longhaul_complete
    set -l words (commandline -opc)
    set -l typed (commandline -ct)
    # Without its quotes; of one that is still open nothing is known but how it begins.
    set -l last (string unescape -- $typed)
    or set last (string replace -r '^["\']' '' -- $typed)
    set -l found ($words[1] __complete -- $words[2..-1] "$last" 2>/dev/null)
    if test (count $found) -gt 0
        printf '%s\n' $found
    else
        __fish_complete_path "$last"
    end
end

complete -c longhaul -e
complete -c longhaul -f -a '(__longhaul_complete)'
)fish";

}  // namespace

const std::vector<std::string_view>& completion_shells() {
  static const std::vector<std::string_view> shells = {"bash", "zsh", "fish"};
  return shells;
}

std::string_view completion_script(std::string_view shell) {
  if (shell == "bash") return bash_script;
  if (shell == "zsh") return zsh_script;
  if (shell == "fish") return fish_script;
  throw std::invalid_argument("no completion for the shell" +
                              detail::unknown_name(completion_shells(), shell));
}

}  // namespace longhaul::terminal
