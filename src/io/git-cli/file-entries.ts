/** One file as it is in the index, in a commit, or in the work tree. */
import { rmSync } from 'node:fs';
import { devNull } from 'node:os';
import { join } from 'node:path';
import { Fault } from '../../core/diagnostics/fault.ts';
import { mask, safe } from '../../core/diagnostics/safe-text.ts';
import { makeTemporaryFolder, removeFolder } from '../files/work-folder.ts';
import { toRefused } from './ended.ts';
import type { Git } from './git.ts';
import { toLiteral } from './pathspec.ts';

export interface Entry {
  readonly mode: string;
  readonly blob: string;
}

export interface Staged extends Entry {
  /** Whether its skip-worktree bit is set (git-update-index(1)): by the user, or by a sparse checkout. */
  readonly isSkipped: boolean;
  /** Whether its assume-unchanged bit is set. */
  readonly isAssumed: boolean;
}

export function isSame(one: Entry | undefined, other: Entry | undefined): boolean {
  return one?.blob === other?.blob && one?.mode === other?.mode;
}

/** @throws Fault when there are conflicts in it. */
export async function readStaged(git: Git, path: string): Promise<Staged | undefined> {
  const listed = await git.read(['ls-files', '-z', '-v', '--stage', '--', toLiteral(path)]);
  const [found, ...others] = toStaged(listed);
  if (others.length > 0 || (found !== undefined && found.stage !== '0'))
    throw new Fault('environment', safe`there are unresolved conflicts in ${mask(path)}`, safe`resolve them first`);
  return found;
}

/** @param listed `mode blob stage<TAB>path`, each ended by NUL; with `-v` after a letter (git-ls-files(1)). */
function toStaged(listed: string): (Staged & { readonly stage: string })[] {
  return listed
    .split('\0')
    .slice(0, -1)
    .map((line) => {
      const words = line.slice(0, line.indexOf('\t')).split(' ');
      const [stage = '', blob = '', mode = '', letter = ''] = words.toReversed();
      return { stage, blob, mode, isSkipped: letter.toUpperCase() === 'S', isAssumed: letter !== letter.toUpperCase() };
    });
}

/** The file in HEAD. @throws Fault when the path is in a submodule. */
export async function readCommitted(git: Git, path: string): Promise<Entry | undefined> {
  const parts = path.split('/');
  const paths = parts.map((_, i) => parts.slice(0, i + 1).join('/'));
  const listed = await git.ask(['ls-tree', '-z', '-t', 'HEAD', '--', ...paths.map(toLiteral)]);
  for (const line of (listed ?? '').split('\0').slice(0, -1)) {
    const [mode = '', type = '', blob = ''] = line.slice(0, line.indexOf('\t')).split(' ');
    const name = line.slice(line.indexOf('\t') + 1);
    if (type === 'commit')
      throw new Fault(
        'environment',
        safe`${mask(path)} is in the submodule ${mask(name)}`,
        safe`run this in the submodule`,
      );
    if (name === path) return { mode, blob };
  }
  return undefined;
}

/** What differs between two commits, by path; undefined: the file is gone. */
export async function readChanges(git: Git, from: string, to: string): Promise<Map<string, Entry | undefined>> {
  const listed = (await git.ask(['diff-tree', '-r', '-z', '--no-renames', '--no-abbrev', from, to])) ?? '';
  const parts = listed.split('\0').slice(0, -1);
  return new Map(
    parts.flatMap((path, i): [string, Entry | undefined][] => {
      if (i % 2 === 0) return [];
      const [, mode = '', , blob = ''] = parts[i - 1]?.split(' ') ?? [];
      return [[path, mode === '000000' ? undefined : { mode, blob }]];
    }),
  );
}

/** Hooks do not run for this index, and it is stored in one file. */
const probing = [`core.hooksPath=${devNull}`, 'core.splitIndex=false', 'index.sparse=false'].flatMap((one) => [
  '-c',
  one,
]);

/** What git would commit of the file as it is in the work tree, found out in an index of its own. */
export class Probe {
  readonly #git: Git;
  readonly #path: string;
  readonly #committed: Entry | undefined;
  #folder: string | undefined;

  constructor(git: Git, path: string, committed: Entry | undefined) {
    this.#git = git;
    this.#path = path;
    this.#committed = committed;
  }

  /** @throws Fault when git refuses the file, as a filter may. */
  async read(): Promise<Entry> {
    this.#folder ??= makeTemporaryFolder('model-mirror-');
    const index = join(this.#folder, 'index');
    rmSync(index, { force: true });
    const options = { variables: { GIT_INDEX_FILE: index } };
    const known = this.#committed;
    // Whether CRLF is converted depends on what was there before (gitattributes(5), "text").
    const start = known === undefined ? [] : ['--cacheinfo', `${known.mode},${known.blob},${this.#path}`];
    const ended = await this.#git.run([...probing, 'update-index', '--add', ...start, '--', this.#path], options);
    if (ended.code !== 0) throw toRefused('the file', ended);
    const [found] = toStaged(await this.#git.read(['ls-files', '-z', '--stage'], options));
    if (found === undefined) throw toRefused('the file', ended);
    return found;
  }

  end(): void {
    if (this.#folder !== undefined) removeFolder(this.#folder);
  }
}
