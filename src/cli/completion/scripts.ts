/** What a shell has to know to complete the program's commands: for everything it asks the program itself. */

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/** An answer that stands for the names of files, which the shell knows. No value begins with a colon. */
export const FILES = ":files";

const BASH = `# Completion of signalbox for bash: source <(signalbox completion bash)
_signalbox() {
  local line="\${COMP_LINE:0:COMP_POINT}" breaks="" current cut="" value
  local -a words=()
  # Read anew: for bash, what is before a : or = is a word of its own.
  read -ra words <<< "$line"
  [[ "$line" == *[[:space:]] ]] && words+=("")
  current="\${words[\${#words[@]}-1]}"
  [[ "$COMP_WORDBREAKS" == *:* ]] && breaks+=":"
  [[ "$COMP_WORDBREAKS" == *=* ]] && breaks+="="
  [[ -n "$breaks" ]] && cut="\${current%"\${current##*[$breaks]}"}"
  COMPREPLY=()
  while IFS=$'\\t' read -r value _; do
    if [[ "$value" == "${FILES}" ]]; then
      compopt -o default 2>/dev/null
    else
      COMPREPLY+=("\${value#"$cut"}")
    fi
  done < <("$1" completion --words -- "\${words[@]:1}" 2>/dev/null)
}
complete -F _signalbox signalbox
`;

const ZSH = `#compdef signalbox
# Completion of signalbox for zsh: source <(signalbox completion zsh)
_signalbox() {
  local line
  local -a values
  for line in "\${(@f)$("\${words[1]}" completion --words -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ "$line" == "${FILES}" ]] && { _files; return }
    [[ -n "$line" ]] && values+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  _describe signalbox values
}
# As a file of the function path it is called when it is loaded.
if [[ "$funcstack[1]" == "_signalbox" ]]; then _signalbox; else compdef _signalbox signalbox; fi
`;

const FISH = `# Completion of signalbox for fish: signalbox completion fish | source
function __signalbox_complete
  set -l words (commandline -opc)
  set -l current (commandline -ct)
  set -l values ($words[1] completion --words -- $words[2..-1] "$current" 2>/dev/null)
  if test "$values" = "${FILES}"
    __fish_complete_path "$current"
  else
    printf '%s\\n' $values
  end
end
complete -c signalbox -f -a '(__signalbox_complete)'
`;

export const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };
