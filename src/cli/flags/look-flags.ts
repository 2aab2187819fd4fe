import { relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { Option } from 'commander';
import type { Goal } from '../../core/assess/goal.ts';
import { findRepository } from '../../io/files/folder-tree.ts';
import { toShellPath, toShellWord } from '../../output/shell-word.ts';
import type { Wording } from '../../output/words/wording.ts';
import type { Host } from '../host.ts';
import { toLinePlace } from './line-place.ts';
import type { PlaceFlags, Places } from './places.ts';

/** Where the models are, for the commands that look and change nothing; the names are those of the flags. */
export interface LookFlags extends PlaceFlags {
  readonly path: string;
  readonly cluster?: string;
  readonly namespace?: string;
}

export interface ExplainFlags extends LookFlags {
  readonly all?: boolean;
  readonly output: 'text' | 'json';
}

export interface StatusFlags extends LookFlags {
  readonly output: 'text' | 'json';
  readonly revision?: string;
  readonly fetch?: boolean;
  readonly branch?: string;
  /** Of 0.1.0, which did not use the user's git. */
  readonly gitCredentials?: string;
  readonly live?: boolean;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly watch?: boolean;
  readonly wait?: Goal;
  readonly differing?: boolean;
  readonly settle: string;
  readonly interval?: string;
  readonly timeout: string;
}

export function addLookFlags(command: Command): Command {
  return command
    .option('--path <folder>', 'look for models there and below', '.')
    .option('--namespace <name>', 'where models are that name none; default: where their status files say')
    .option('--cluster <name>', 'read status.<name>.yaml in place of status.yaml')
    .option('--root <folder>', "the outermost folder whose policies count; default: the repository's root")
    .option('--repo-root <folder>', "the repository's root; default: the nearest folder with a .git")
    .addOption(
      new Option('-o, --output <format>', 'for people or for programs').choices(['text', 'json']).default('text'),
    );
}

/** Programs get paths from the repository's root; people get what they can open and run. */
export function toWording(
  flags: ExplainFlags & Pick<Partial<StatusFlags>, 'live' | 'kubeconfig' | 'context'>,
  { repository, folder, toShownPath }: Places,
  host: Pick<Host, 'workingDirectory'>,
): Wording {
  const place = toLinePlace(findRepository(folder) ?? repository, repository, host);
  if (flags.output === 'json')
    return {
      toPath: (file) => file,
      toWord: toShellPath,
      place,
      flags: '',
      look: flags.live === true ? ' --live' : ' --fetch',
    };
  return {
    toPath: toShownPath,
    toWord: (file) => toShellPath(relative(host.workingDirectory, resolve(repository, file))),
    place,
    flags: toCommandFlags(flags),
    look: toLookFlags(flags),
  };
}

function toLookFlags({
  live,
  kubeconfig,
  context,
  repoRoot,
}: Pick<Partial<StatusFlags>, 'live' | 'kubeconfig' | 'context' | 'repoRoot'>): string {
  if (live === true)
    return [
      ' --live',
      kubeconfig === undefined ? '' : ` --kubeconfig ${toShellPath(kubeconfig)}`,
      context === undefined ? '' : ` --context ${toShellWord(context)}`,
    ].join('');
  return repoRoot === undefined ? ' --fetch' : '';
}

/** What a command needs to find the same files. */
export function toCommandFlags({
  path,
  root,
  repoRoot,
  cluster,
}: Pick<LookFlags, 'path' | 'root' | 'repoRoot' | 'cluster'>): string {
  return [
    path === '.' ? '' : ` --path ${toShellPath(path)}`,
    cluster === undefined ? '' : ` --cluster ${toShellWord(cluster)}`,
    root === undefined ? '' : ` --root ${toShellPath(root)}`,
    repoRoot === undefined ? '' : ` --repo-root ${toShellPath(repoRoot)}`,
  ].join('');
}
