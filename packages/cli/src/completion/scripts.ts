/** Completion for each shell, made from the tree of commands. What only a server knows is asked for by `flowtrail __complete`. */
import type { CompletedCommand, CompletedOption } from "./tree.ts";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

export function completionScript(shell: Shell, commands: readonly CompletedCommand[]): string {
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](commands);
}

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
const optionsOf = ({ options }: CompletedCommand) => options.flatMap(({ flags }) => flags);
const wordsOf = (command: CompletedCommand) => [
  ...command.commands.map(({ name }) => name),
  ...(command.argument?.choices ?? []),
];

/** What stands behind an option, as one word: `c:a b` choices, `k:kind`. */
const answer = ({ kind, choices }: CompletedOption) => (choices.length > 0 ? `c:${choices.join(" ")}` : `k:${kind}`);

function cases(commands: readonly CompletedCommand[]): string {
  const values = commands.flatMap((command) =>
    command.options
      .filter(({ kind }) => kind !== "none")
      .map(
        (option) =>
          `    ${option.flags.map((flag) => quoted(`${command.path}|${flag}`)).join("|")}) echo ${quoted(answer(option))} ;;`,
      ),
  );
  const paths = commands.map((command) => {
    const argument = command.argument === null || command.argument.choices.length > 0 ? "none" : command.argument.kind;
    return `    ${quoted(command.path)}) ft_words=${quoted(wordsOf(command).join(" "))}; ft_options=${quoted(optionsOf(command).join(" "))}; ft_argument=${quoted(argument)} ;;`;
  });
  return `_flowtrail_value() {
  case "$1|$2" in
${values.join("\n")}
  esac
}
_flowtrail_command() {
  case "$1" in
${paths.join("\n")}
    *) return 1 ;;
  esac
}`;
}

function bashScript(commands: readonly CompletedCommand[]): string {
  return `# Completion of flowtrail for bash: source <(flowtrail completion bash)
${cases(commands)}
_flowtrail() {
  local line=\${COMP_LINE:0:COMP_POINT} cur=\${COMP_WORDS[COMP_CWORD]} token head prev word path="" ft_words="" ft_options="" ft_argument="" asked=() i
  # The word as it was typed: bash has cut it at = and :, but not within quotes.
  local single=\${line//[^\\']/} double=\${line//[^\\"]/} inside=""
  if (( \${#single} % 2 )); then token=\${line##*\\'}; inside=1
  elif (( \${#double} % 2 )); then token=\${line##*\\"}; inside=1
  else token=\${line##*[[:space:]]}; fi
  head=\${line:0:\${#line}-\${#token}}
  [[ $inside ]] && head=\${head:0:\${#head}-1}
  head=\${head%"\${head##*[![:space:]]}"}
  prev=\${head##*[[:space:]]}
  for (( i = 1; i < COMP_CWORD; i++ )); do
    word=\${COMP_WORDS[i]}
    case $word in
      --server|--context|--token-file|--data) asked+=("$word" "\${COMP_WORDS[i+1]}") ;;
      -*) ;;
      *) _flowtrail_command "\${path:+$path }$word" && path=\${path:+$path }$word ;;
    esac
  done
  _flowtrail_command "$path"
  local value="" list="" kind=""
  [[ $prev == -* ]] && value=$(_flowtrail_value "$path" "$prev")
  case $value in
    c:*) list=\${value#c:} ;;
    k:*) kind=\${value#k:} ;;
    *) if [[ $token == -* ]]; then list=$ft_options; else list=$ft_words; kind=$ft_argument; fi ;;
  esac
  COMPREPLY=()
  if [[ $kind == file ]]; then
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    return
  fi
  [[ $list ]] && mapfile -t COMPREPLY < <(compgen -W "$list" -- "$token")
  case $kind in
    filter|fields|context|value:*)
      # Of what is written on, no blank is wanted behind it.
      compopt -o nospace 2>/dev/null
      local told
      mapfile -t told < <(flowtrail __complete "\${asked[@]}" -- "$kind" "$token" 2>/dev/null)
      [[ \${#told[@]} -gt 0 ]] && COMPREPLY+=("\${told[@]}") ;;
  esac
  # Only what bash takes for the word is replaced.
  if [[ ! $inside && $token != "$cur" ]]; then
    [[ $token == *"$cur" && ! $cur =~ ^[=:\\<\\>]+$ ]] && head=\${token%"$cur"} || head=$token
    COMPREPLY=("\${COMPREPLY[@]#"$head"}")
  fi
}
complete -F _flowtrail flowtrail
`;
}

function zshScript(commands: readonly CompletedCommand[]): string {
  return `# Completion of flowtrail for zsh: source <(flowtrail completion zsh), behind compinit
${cases(commands)}
_flowtrail() {
  # words, options and path are zsh's own.
  local ft_path="" ft_words="" ft_options="" ft_argument="" word="" value="" list="" kind=""
  local -a asked told
  local -i i
  for (( i = 2; i < CURRENT; i++ )); do
    word=\${words[i]}
    case $word in
      --server|--context|--token-file|--data) asked+=("$word" "\${words[i+1]}") ;;
      -*) ;;
      *) _flowtrail_command "\${ft_path:+$ft_path }$word" && ft_path="\${ft_path:+$ft_path }$word" ;;
    esac
  done
  _flowtrail_command "$ft_path"
  [[ \${words[CURRENT-1]} == -* ]] && value=$(_flowtrail_value "$ft_path" "\${words[CURRENT-1]}")
  case $value in
    c:*) list=\${value#c:} ;;
    k:*) kind=\${value#k:} ;;
    *) if [[ $PREFIX == -* ]]; then list=$ft_options; else list=$ft_words; kind=$ft_argument; fi ;;
  esac
  [[ -n $list ]] && compadd -- \${=list}
  case $kind in
    file) _files ;;
    filter|fields|context|value:*)
      told=("\${(@f)$(flowtrail __complete "\${asked[@]}" -- "$kind" "\${(Q)PREFIX}" 2>/dev/null)}")
      [[ -n \${told[1]} ]] && compadd -S '' -- "\${told[@]}" ;;
  esac
}
compdef _flowtrail flowtrail
`;
}

function fishScript(commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap((command) => {
    const at = `-n ${quoted(`__flowtrail_at ${quoted(command.path)}`)}`;
    return [
      ...command.commands.map(({ name, help }) => `complete -c flowtrail -f ${at} -a ${quoted(name)} -d ${quoted(help)}`),
      ...(command.argument === null ? [] : [`complete -c flowtrail ${at} ${fishValue(command.argument)}`]),
      ...command.options.map((option) => {
        const names = option.flags
          .map((flag) => (flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`))
          .join(" ");
        const value = option.kind === "none" ? "" : ` ${fishValue(option)}`;
        return `complete -c flowtrail ${at} ${names}${value} -d ${quoted(option.help)}`;
      }),
    ];
  });
  const paths = commands.map(({ path }) => quoted(path)).join(" ");
  return `# Completion of flowtrail for fish: flowtrail completion fish > ~/.config/fish/completions/flowtrail.fish
function __flowtrail_path
  set -l path ''
  for word in (commandline -opc)[2..-1]
    set -l longer (string trim -- "$path $word")
    contains -- $longer ${paths}; and set path $longer
  end
  echo $path
end
function __flowtrail_at
  test (__flowtrail_path) = "$argv[1]"
end
function __flowtrail_ask
  flowtrail __complete -- $argv[1] (commandline -ct | string trim -c "'\\"") 2>/dev/null
end
${lines.join("\n")}
`;
}

function fishValue({ kind, choices }: CompletedOption): string {
  if (choices.length > 0) return `-x -a ${quoted(choices.join(" "))}`;
  if (kind === "file") return "-r -F";
  return kind === "any" || kind === "none" ? "-x" : `-x -a ${quoted(`(__flowtrail_ask ${kind})`)}`;
}
