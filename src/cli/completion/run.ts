/** What shells complete command lines with: a script, and the names of the models that there are. */
import type { Command, Option } from 'commander';
import { Fault } from '../../core/diagnostics/fault.ts';
import { join, mask, quote, safe } from '../../core/diagnostics/safe-text.ts';
import { suggest } from '../../core/diagnostics/suggest.ts';
import { schemas } from '../../core/input/schema.ts';
import { listModelNames } from '../../core/repository/find-model.ts';
import { openFolderTree } from '../../io/files/folder-tree.ts';
import type { CommandShape, OptionShape } from '../../output/completion-text.ts';
import { shells, toCompletion } from '../../output/completion-text.ts';
import { toOwnPlaces } from '../flags/model-places.ts';
import type { Host } from '../host.ts';

/** @param what a shell, or `models`, which the scripts ask for. */
export function runCompletion(what: string, program: Command, host: Host): void {
  if (what === 'models') {
    const names = listModelNames(openFolderTree(toOwnPlaces({ path: '.' }, host)));
    host.write(
      1,
      names.map((name) => `${name}\n`),
    );
    return;
  }
  const shell = shells.find((known) => known === what);
  if (shell === undefined) {
    const meant = suggest(what, shells);
    throw new Fault(
      'usage',
      safe`there is no completion for ${quote(what)}`,
      meant === undefined ? safe`there is one for ${join(shells, ', ')}` : safe`did you mean "${mask(meant)}"?`,
    );
  }
  host.write(1, [toCompletion(shell, toShapes(program, []))]);
}

/** The program, its commands, and theirs. */
function toShapes(command: Command, path: readonly string[]): CommandShape[] {
  const argument = command.registeredArguments[0]?.name();
  const own: CommandShape = {
    path,
    description: command.description(),
    options: [...command.options.filter(({ hidden }) => !hidden).map(toOption), help],
    takesModel: argument === 'model',
    values: argument === undefined ? [] : (values[argument] ?? []),
  };
  return [own, ...command.commands.flatMap((inner) => toShapes(inner, [...path, inner.name()]))];
}

function toOption({ short, long, description, required, optional, argChoices }: Option): OptionShape {
  return {
    flags: [long ?? [], short ?? []].flat(),
    description,
    takesValue: required || optional,
    choices: argChoices ?? [],
  };
}

/** What arguments can be, by their names in the usage. */
const values: Readonly<Record<string, readonly string[]>> = { shell: shells, kind: Object.keys(schemas) };

const help: OptionShape = {
  flags: ['--help', '-h'],
  description: 'display help for command',
  takesValue: false,
  choices: [],
};
