import type { Command } from 'commander';
import { Option } from 'commander';
import type { Goal } from '../glance/wait.ts';
import type { PlaceFlags } from './places.ts';

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
    .option('--root <folder>', "the outermost folder whose policies hold; default: the repository's root")
    .option('--repo-root <folder>', "the repository's root; default: the nearest folder with a .git")
    .addOption(
      new Option('-o, --output <format>', 'for people or for programs').choices(['text', 'json']).default('text'),
    );
}

/** What a command must be told to find the same files. */
export function toCommandFlags({ path, root, repoRoot, cluster }: LookFlags): string {
  return [
    path === '.' ? '' : ` --path ${path}`,
    cluster === undefined ? '' : ` --cluster ${cluster}`,
    root === undefined ? '' : ` --root ${root}`,
    repoRoot === undefined ? '' : ` --repo-root ${repoRoot}`,
  ].join('');
}
