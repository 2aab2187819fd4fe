/** Where a branch is pushed to, as git resolves it from its configuration (git-config(1), "push.default"). */
import type { Destination } from '../../core/ports/clone.ts';
import type { BranchSettings } from './branch-settings.ts';
import { readBranchSettings } from './branch-settings.ts';
import type { Git } from './git.ts';
import { heads } from './head.ts';

const format = [
  'refname',
  'upstream',
  'upstream:remotename',
  'upstream:remoteref',
  'push',
  'push:remotename',
  'push:remoteref',
]
  .map((atom) => `%(${atom})`)
  .join('%00');

/** @returns undefined when there is no remote. */
export async function findDestination(git: Git, branch: string): Promise<Destination | undefined> {
  const [listed, settings] = await Promise.all([
    git.ask(['for-each-ref', `--format=${format}`, heads + branch, `refs/tags/${branch}`]),
    readBranchSettings(git),
  ]);
  const rows = (listed ?? '')
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split('\0'));
  const [, upstream = '', from = '', merge = '', push = '', to = '', target = ''] =
    rows.find(([name]) => name === heads + branch) ?? [];
  const isTag = rows.some(([name]) => name !== heads + branch);
  // `.` is the repository itself.
  if (from !== '' && from !== '.') {
    const name = toShort(merge);
    const there = toNameThere(
      { branch, name, target, isElsewhere: to !== '' && to !== from },
      settings.last('push.default'),
    );
    const namesake = there === undefined ? '' : `refs/remotes/${to || from}/${there}`;
    const known = { isFirst: false, tracking: [...new Set([push, namesake, upstream])].filter((ref) => ref !== '') };
    if (there !== undefined) return { ...known, remote: to || from, words: ['push'], branch: there, isUnclear: false };
    return {
      ...known,
      remote: from,
      words: ['push', from, `HEAD:${name}`],
      branch: name,
      isUnclear: settings.last('push.default') !== 'nothing',
    };
  }
  const remote = findRemote(branch, settings);
  if (remote === undefined) return undefined;
  return {
    words: ['push', '--set-upstream', remote, isTag ? heads + branch : branch],
    remote,
    branch,
    isFirst: true,
    isUnclear: false,
    tracking: [],
  };
}

/** The branch that plain `git push` pushes a branch with an upstream to; undefined: none. */
function toNameThere(
  {
    branch,
    name,
    target,
    isElsewhere,
  }: {
    readonly branch: string;
    /** The name of the upstream. */
    readonly name: string;
    /** The destination by a refspec of the remote; empty: there is none. */
    readonly target: string;
    /** Whether it is pushed to another remote than the upstream's. */
    readonly isElsewhere: boolean;
  },
  setting = 'simple',
): string | undefined {
  if (target !== '') return toShort(target);
  if (setting === 'current' || setting === 'matching') return branch;
  if (setting === 'upstream' || setting === 'tracking') return isElsewhere ? undefined : name;
  if (setting === 'nothing') return undefined;
  return isElsewhere || name === branch ? branch : undefined;
}

/** The remote-tracking branches to compare a branch without an upstream with, the best first. */
export async function findNamesakes(git: Git, remote: string, branch: string): Promise<string[]> {
  const names = [branch, 'HEAD', 'main', 'master'].map((name) => `refs/remotes/${remote}/${name}`);
  const listed = await git.ask(['for-each-ref', '--format=%(refname)', ...names]);
  const found = (listed ?? '').split('\n');
  return names.filter((name) => found.includes(name));
}

/** The remote that a branch without an upstream is pushed to. */
function findRemote(branch: string, settings: BranchSettings): string | undefined {
  const { remotes } = settings;
  const keys = [`branch.${branch}.pushremote`, 'remote.pushdefault', `branch.${branch}.remote`];
  const named = keys.map((key) => settings.last(key)).find((name) => name !== undefined && remotes.includes(name));
  return named ?? remotes.find((name) => name === 'origin') ?? remotes[0];
}

function toShort(ref: string): string {
  return ref.startsWith(heads) ? ref.slice(heads.length) : ref;
}
