/** What HEAD is. */
import { toRefusal } from './ended.ts';
import type { Git } from './git.ts';

export interface Head {
  /** The id of the commit. */
  readonly commit: string;
  /** Without refs/heads/; undefined: HEAD is detached. */
  readonly branch: string | undefined;
}

export const heads = 'refs/heads/';

/** @returns undefined when there is no commit yet, and when git cannot tell. */
export async function readHead(git: Git): Promise<Head | undefined> {
  const [commit, ref = ''] = (await git.ask(['rev-parse', 'HEAD', '--symbolic-full-name', 'HEAD']))?.split('\n') ?? [];
  if (commit === undefined) return undefined;
  // Where a branch is called HEAD, that name is ambiguous.
  return { commit, branch: ref === '' ? await readBranch(git) : toBranch(ref) };
}

/**
 * The branch that is checked out, which need not have a commit yet.
 *
 * @returns undefined when HEAD is detached.
 * @throws Fault when git cannot tell.
 */
export async function readBranch(git: Git, signal?: AbortSignal): Promise<string | undefined> {
  const words = ['symbolic-ref', '--quiet', 'HEAD'];
  const ended = await git.run(words, { signal });
  if (ended.code > 1) throw toRefusal(words, ended);
  return toBranch(ended.output.toString('utf8').trimEnd());
}

function toBranch(ref: string): string | undefined {
  return ref.startsWith(heads) ? ref.slice(heads.length) : undefined;
}
