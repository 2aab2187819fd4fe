/** A merge, rebase or the like that is in progress: a commit of one file would become part of it. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { UnfinishedKind } from '../../core/ports/clone.ts';
import type { Git } from './git.ts';

export interface Unfinished {
  readonly what: UnfinishedKind;
  /** What git calls the sign of it. */
  readonly sign: string;
}

const signs = [
  // First, since a rebase that stops at a conflict leaves CHERRY_PICK_HEAD too.
  { sign: 'rebase-merge', what: 'rebase' },
  { sign: 'rebase-apply', what: 'rebase' },
  { sign: 'MERGE_HEAD', what: 'merge' },
  { sign: 'CHERRY_PICK_HEAD', what: 'cherry-pick' },
  { sign: 'REVERT_HEAD', what: 'revert' },
] as const;

/** @returns undefined when nothing is in progress. */
export async function findUnfinished(git: Git): Promise<Unfinished | undefined> {
  const [paths, refs] = await Promise.all([
    git.ask(['rev-parse', ...signs.flatMap(({ sign }) => ['--git-path', sign])]),
    // The last two are refs, which are not always files (gitrepository-layout(5), "reftable").
    git.ask(['cat-file', '--batch-check=%(objectname)'], { input: signs.map(({ sign }) => `${sign}\n`).join('') }),
  ]);
  const places = (paths ?? '').split('\n');
  const found = (refs ?? '').split('\n');
  return signs.find(({ sign }, i) => {
    const place = places[i] ?? '';
    const ref = found[i] ?? `${sign} missing`;
    return (place !== '' && existsSync(resolve(git.folder, place))) || (ref !== '' && ref !== `${sign} missing`);
  });
}
