import type { Command } from 'commander';
import { Option } from 'commander';
import { toShellPath, toShellWord } from '../../output/shell-word.ts';
import type { PlaceFlags } from './places.ts';

/** Where models are and how they are shown, for the commands that change nothing; the names are those of the flags. */
export interface ModelFlags extends PlaceFlags {
  readonly path: string;
  readonly cluster?: string;
  readonly namespace?: string;
  readonly output: 'text' | 'json';
}

export function addModelFlags(command: Command): Command {
  command
    .option('--path <folder>', 'read the models in and below this folder', '.')
    .option('--namespace <name>', 'for models that name none; default: the namespace in their status files');
  return addFileFlags(command).addOption(
    new Option('-o, --output <format>', 'for people or for programs').choices(['text', 'json']).default('text'),
  );
}

/** Which files of the repository count. */
export function addFileFlags(command: Command): Command {
  return command
    .option('--cluster <name>', 'read status.<name>.yaml instead of status.yaml')
    .option('--root <folder>', "the outermost folder whose policies count; default: the repository's root")
    .option('--repo-root <folder>', "the repository's root; default: the nearest folder with a .git");
}

/** The flags by which another command finds the same files, such as ` --path models`. */
export function toCommandFlags({
  path,
  root,
  repoRoot,
  cluster,
}: Pick<ModelFlags, 'path' | 'root' | 'repoRoot' | 'cluster'>): string {
  return [
    path === '.' ? '' : ` --path ${toShellPath(path)}`,
    cluster === undefined ? '' : ` --cluster ${toShellWord(cluster)}`,
    root === undefined ? '' : ` --root ${toShellPath(root)}`,
    repoRoot === undefined ? '' : ` --repo-root ${toShellPath(repoRoot)}`,
  ].join('');
}
