/**
 * Pushes a branch by `git push`. If the watcher has pushed meanwhile, the local commits are rebased onto that, once.
 *
 * Invariants: nothing is forced. The branch moves only after the rebased commits are pushed; changes, staged or not, stay
 * as they are, and a refusal leaves everything as it was.
 */
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import type { Destination, FindObjection, Pushed } from '../../core/ports/clone.ts';
import type { Ended } from './ended.ts';
import { toSaid } from './ended.ts';
import type { Git } from './git.ts';
import { heads, readHead } from './head.ts';
import { rebase } from './rebase.ts';

/** Those of git when it compares, and those of a server where somebody else pushes at the same time. */
const overtaken = [
  'fetch first',
  'non-fast-forward',
  'incorrect old value provided',
  'failed to update ref',
  'failed to lock',
  'cannot lock ref',
];

/** @param branch that is checked out. @throws Fault when git cannot be run. */
export async function pushBranch(
  git: Git,
  destination: Destination,
  branch: string,
  findObjection: FindObjection,
): Promise<Pushed> {
  const { words, remote, tracking } = destination;
  const [verb = '', ...rest] = words;
  const first = await push(git, [verb, '--porcelain', ...toFullNames(rest, branch)], [heads + branch, 'HEAD']);
  if (first.state !== 'overtaken')
    return first.state === 'pushed'
      ? { kind: 'pushed', branch: first.branch, rebased: undefined, said: first.said }
      : toRefused(first);
  const rebased = await rebase(git, { remote, branch: first.branch, tracking });
  if (rebased === undefined) return toRefused(first);
  if ('reason' in rebased) return { kind: 'overtaken', branch: first.branch, ...rebased };
  const { before, after } = rebased;
  const said = await findObjection(after);
  if (said !== undefined) return { kind: 'overtaken', branch: first.branch, reason: 'objection', said };
  const second = await push(git, [verb, '--porcelain', remote, `${after}:${heads}${first.branch}`], [after]);
  if (second.state === 'overtaken') return { kind: 'overtaken', branch: first.branch, reason: 'again' };
  if (second.state !== 'pushed') return toRefused(second);
  const isHere = await catchUp(git, { branch, before, after });
  if (destination.isFirst) await git.ask(['branch', `--set-upstream-to=${remote}/${first.branch}`, branch]);
  return { kind: 'pushed', branch: first.branch, rebased: { commit: after, isHere }, said: second.said };
}

/** Pushes a commit of this clone to a branch of a remote, or makes that branch; nothing is forced. */
export async function pushTo(
  git: Git,
  remote: string,
  commit: string,
  branch: string,
): Promise<{ readonly state: 'pushed' | 'overtaken' | 'refused'; readonly said: SafeText | undefined }> {
  const { state, said } = await push(git, ['push', '--porcelain', remote, `${commit}:${heads}${branch}`], [commit]);
  return { state: state === 'rejected' ? 'refused' : state, said };
}

/** In full, since a tag may have the same name. */
function toFullNames(words: readonly string[], branch: string): string[] {
  return words.map((word, i) => (i === words.length - 1 && word === branch ? heads + branch : word));
}

interface Answer {
  readonly state: 'pushed' | 'overtaken' | 'rejected' | 'refused';
  /** Of the remote. */
  readonly branch: string;
  readonly said: SafeText | undefined;
}

/** @param sources the names that git may print for what is pushed (git-push(1), "--porcelain"). */
async function push(git: Git, words: readonly string[], sources: readonly string[]): Promise<Answer> {
  const ended = await git.run(words, { canLock: true });
  const rows = ended.output
    .toString('utf8')
    .split('\n')
    .map((line) => line.split('\t'));
  const row = rows.findLast(([, ref = '']) => sources.some((source) => ref.startsWith(`${source}:`)));
  const [flag = '', ref = '', summary = ''] = row ?? [];
  const target = ref.slice(ref.indexOf(':') + 1);
  const branch = target.startsWith(heads) ? target.slice(heads.length) : target;
  // A hook writes to the same output, and may push by itself; git prints a row for each ref that failed.
  const isOver = ended.code === 0 || rows.some(([first]) => first === '!');
  if (row !== undefined && flag !== '!' && isOver) return { state: 'pushed', branch, said: toAll(ended) };
  const reason = summary.slice(summary.lastIndexOf('(') + 1);
  if (flag === '!' && overtaken.some((one) => reason.startsWith(one)))
    return { state: 'overtaken', branch, said: toAll(ended) };
  const said = toAll(ended, flag === '!' ? summary : '');
  return { state: summary.startsWith('[remote rejected]') ? 'rejected' : 'refused', branch, said };
}

function toRefused({ state, said }: Answer): Pushed {
  return { kind: 'refused', said, isRejected: state === 'rejected' };
}

/** Hooks write to both outputs. @param summary of the row, the only place where git reports the reason. */
function toAll({ complaint, output }: Ended, summary = ''): SafeText | undefined {
  const lines = output.toString('utf8').split('\n');
  const foreign = lines.filter((line) => line !== 'Done' && !line.startsWith('To ') && line.split('\t').length < 3);
  return toSaid([...foreign, complaint, summary].join('\n'), Infinity);
}

/**
 * Moves the branch and the work tree to what was pushed; what is changed or staged stays (git-read-tree(1), "Two Tree
 * Merge").
 *
 * @returns false when nothing was moved: a file that differs between the two is changed here, or HEAD has moved.
 */
async function catchUp(
  git: Git,
  { branch, before, after }: { readonly branch: string; readonly before: string; readonly after: string },
): Promise<boolean> {
  const head = await readHead(git);
  if (head?.branch !== branch || head.commit !== before) return false;
  const options = { canLock: true };
  // Files of which only the times have changed are unchanged.
  await git.ask(['update-index', '-q', '--refresh'], options);
  if ((await git.ask(['read-tree', '-m', '-u', before, after], options)) === undefined) return false;
  if ((await git.ask(['update-ref', '-m', 'model-mirror: rebase', 'HEAD', after, before], options)) !== undefined)
    return true;
  await git.ask(['read-tree', '-m', '-u', after, before], options);
  return false;
}
