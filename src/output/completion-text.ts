/**
 * Scripts with which shells complete command lines. They start the program only for names of models.
 *
 * @bomb.sh/tab (0.0.22) starts the program for every completion, and its bash script runs `eval` on the words typed so far,
 * so that Tab executes `$(…)`; it offers no files. omelette and tabtab have no types.
 */

export const shells = ['bash', 'zsh', 'fish'] as const;

export type Shell = (typeof shells)[number];

/** One command, or the program itself. */
export interface CommandShape {
  /** The words of the command; empty for the program itself. */
  readonly path: readonly string[];
  readonly description: string;
  readonly options: readonly OptionShape[];
  /** Whether its first argument is the name of a model. */
  readonly takesModel: boolean;
  /** Other values of its first argument. */
  readonly values: readonly string[];
}

export interface OptionShape {
  /** With dashes, as in `--output` and `-o`. */
  readonly flags: readonly string[];
  readonly description: string;
  readonly takesValue: boolean;
  /** The possible values; empty: any. */
  readonly choices: readonly string[];
}

/** A script to source; it gets the names of models from the program (`completion models`). */
export function toCompletion(shell: Shell, commands: readonly CommandShape[]): string {
  if (shell === 'bash') return toBash(commands);
  return shell === 'zsh' ? toZsh(commands) : toFish(commands);
}

const models = 'model-mirror completion models 2>/dev/null';

function toBash(commands: readonly CommandShape[]): string {
  const cases = commands.map((command) => {
    const words = [...subcommandsOf(command, commands).map(toLastWord), ...command.values, ...toFlags(command)].join(
      ' ',
    );
    return command.takesModel
      ? `    ${toPattern(command)}) words='${words}'; [[ $current == -* ]] || words=$(${models}) ;;`
      : `    ${toPattern(command)}) words='${words}' ;;`;
  });
  return `# bash completion for model-mirror: source <(model-mirror completion bash)
_model_mirror() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} command='' words='' word i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    case "$command $word" in
      ${toNextCommands(commands)}) command="$command $word" ;;
    esac
  done
  case "$command $previous" in
${toChoices(commands, (choices) => `words='${choices}'`)}
  esac
  [[ -n $words ]] || case "$command" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _model_mirror model-mirror
`;
}

function toZsh(commands: readonly CommandShape[]): string {
  const cases = commands.map((command) => {
    const described = [
      ...subcommandsOf(command, commands).map((one) => [toLastWord(one), one.description] as const),
      ...command.values.map((value) => [value, command.description] as const),
      ...command.options.flatMap(({ flags, description }) => flags.map((flag) => [flag, description] as const)),
    ].map(([word, description]) => quote(`${word.replaceAll(':', '\\:')}:${description}`));
    const names = command.takesModel ? ` [[ $PREFIX == -* ]] || found=(\${(f)"$(${models})"});` : '';
    return `    ${toPattern(command)}) found=(${described.join(' ')});${names} ;;`;
  });
  return `#compdef model-mirror
# zsh completion for model-mirror: model-mirror completion zsh > a folder of fpath/_model-mirror
_model_mirror() {
  local command='' word previous=\${words[CURRENT - 1]}
  local -a found
  for word in "\${(@)words[2,CURRENT - 1]}"; do
    case "$command $word" in
      ${toNextCommands(commands)}) command="$command $word" ;;
    esac
  done
  case "$command $previous" in
${toChoices(commands, (choices) => `found=(${choices})`)}
  esac
  (( \${#found} )) || case "$command" in
${cases.join('\n')}
  esac
  _describe model-mirror found || _files
}
if [ "$funcstack[1]" = "_model-mirror" ]; then _model_mirror "$@"; else compdef _model_mirror model-mirror; fi
`;
}

function toFish(commands: readonly CommandShape[]): string {
  const lines = commands.flatMap((command) => {
    const here = toFishCondition(command, commands);
    return [
      ...subcommandsOf(command, commands).map(
        (one) => `complete -c model-mirror -n ${quote(here)} -f -a ${toLastWord(one)} -d ${quote(one.description)}`,
      ),
      ...command.values.map((value) => `complete -c model-mirror -n ${quote(here)} -f -a ${value}`),
      ...(command.takesModel ? [`complete -c model-mirror -n ${quote(here)} -f -a '(${models})'`] : []),
      ...command.options.map(({ flags, description, takesValue, choices }) => {
        const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
        const values = choices.length > 0 ? ` -x -a ${quote(choices.join(' '))}` : takesValue ? ' -r' : '';
        return `complete -c model-mirror -n ${quote(here)} ${names.join(' ')}${values} -d ${quote(description)}`;
      }),
    ];
  });
  return `# fish completion for model-mirror: model-mirror completion fish | source
${lines.join('\n')}
`;
}

/** Whether the words so far are those of this command, and of no subcommand. */
function toFishCondition(command: CommandShape, commands: readonly CommandShape[]): string {
  const below = subcommandsOf(command, commands).map(toLastWord);
  const seen = command.path.map((word) => `__fish_seen_subcommand_from ${word}`);
  const unseen = below.length === 0 ? [] : [`not __fish_seen_subcommand_from ${below.join(' ')}`];
  return [...seen, ...unseen].join('; and ') || 'true';
}

function subcommandsOf({ path }: CommandShape, commands: readonly CommandShape[]): CommandShape[] {
  return commands.filter(
    (one) => one.path.length === path.length + 1 && path.every((word, index) => one.path[index] === word),
  );
}

function toLastWord({ path }: CommandShape): string {
  return path.at(-1) ?? '';
}

function toFlags({ options }: CommandShape): string[] {
  return options.flatMap(({ flags }) => flags);
}

/** The words of a command, each after a space. */
function toPattern({ path }: CommandShape): string {
  return `'${path.map((word) => ` ${word}`).join('')}'`;
}

function toNextCommands(commands: readonly CommandShape[]): string {
  return commands
    .filter(({ path }) => path.length > 0)
    .map(toPattern)
    .join('|');
}

function toChoices(commands: readonly CommandShape[], assign: (choices: string) => string): string {
  return commands
    .flatMap((command) =>
      command.options
        .filter(({ choices }) => choices.length > 0)
        .map(({ flags, choices }) => {
          const patterns = flags.map((flag) => `'${[...command.path, flag].map((word) => ` ${word}`).join('')}'`);
          return `    ${patterns.join('|')}) ${assign(choices.join(' '))} ;;`;
        }),
    )
    .join('\n');
}

/** Quoted for all three shells. */
function quote(text: string): string {
  return `'${text.replaceAll("'", '’').replaceAll('\\', '\\\\')}'`;
}
