/** Where a branch is pushed to, as git resolves it from its configuration (git-config(1), "push.default"). */
import type { Git } from './git.ts';

export interface Destination {
  /** What git is run with: plain `push` wherever that does it. */
  readonly words: readonly string[];
  readonly remote: string;
  /** Of the branch there, without refs/heads/. */
  readonly branch: string;
  /** Whether an upstream is set by it. */
  readonly isFirst: boolean;
  /** Whether plain `git push` pushes nothing, because the upstream has another name than the branch. */
  readonly isUnclear: boolean;
  /** The remote-tracking branches that show what is there already, those that there may be. */
  readonly tracking: readonly string[];
}

const heads = 'refs/heads/';
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
  const listed = await git.ask(['for-each-ref', `--format=${format}`, heads + branch, `refs/tags/${branch}`]);
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
    const tracking = [...new Set([push, upstream])].filter((ref) => ref !== '');
    const known = { remote: to || from, isFirst: false, tracking };
    if (push !== '') {
      const branchThere = target === '' ? toNameAt(push, to, to === from ? name : branch) : toShort(target);
      return { ...known, words: ['push'], branch: branchThere, isUnclear: false };
    }
    return { ...known, words: ['push', from, `HEAD:${name}`], remote: from, branch: name, isUnclear: name !== branch };
  }
  const remote = await findRemote(git, branch);
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

/** The remote-tracking branches by which a branch without an upstream may be judged, the best first. */
export async function findNamesakes(git: Git, remote: string, branch: string): Promise<string[]> {
  const names = [branch, 'HEAD', 'main', 'master'].map((name) => `refs/remotes/${remote}/${name}`);
  const listed = await git.ask(['for-each-ref', '--format=%(refname)', ...names]);
  const found = (listed ?? '').split('\n');
  return names.filter((name) => found.includes(name));
}

/** The remote that a branch without an upstream is pushed to. */
async function findRemote(git: Git, branch: string): Promise<string | undefined> {
  const [listed, configured] = await Promise.all([
    git.ask(['remote']),
    git.ask(['config', '-z', '--get-regexp', '^(branch\\..*\\.(pushremote|remote)|remote\\.pushdefault)$']),
  ]);
  const remotes = (listed ?? '').split('\n').filter((name) => name !== '');
  const values = new Map(
    (configured ?? '').split('\0').map((entry): [string, string] => {
      const end = entry.indexOf('\n');
      return end < 0 ? [entry, ''] : [entry.slice(0, end), entry.slice(end + 1)];
    }),
  );
  const keys = [`branch.${branch}.pushremote`, 'remote.pushdefault', `branch.${branch}.remote`];
  const named = keys.map((key) => values.get(key)).find((name) => name !== undefined && remotes.includes(name));
  return named ?? remotes.find((name) => name === 'origin') ?? remotes[0];
}

function toShort(ref: string): string {
  return ref.startsWith(heads) ? ref.slice(heads.length) : ref;
}

/** `refs/remotes/origin/topic` → `topic`. */
function toNameAt(ref: string, remote: string, otherwise: string): string {
  const prefix = `refs/remotes/${remote}/`;
  return ref.startsWith(prefix) ? ref.slice(prefix.length) : otherwise;
}
