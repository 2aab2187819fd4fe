/** Names of revisions → commits, in every form that git accepts (gitrevisions(7)). */

import { Fault } from '../../core/diagnostics/fault.ts';
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { mask, quote, safe } from '../../core/diagnostics/safe-text.ts';
import { suggest } from '../../core/diagnostics/suggest.ts';
import { toBranchList } from '../git/branch-list.ts';
import { toSaid } from './ended.ts';
import type { Git } from './git.ts';

export class RevisionNames {
  readonly #git: Git;
  #isShallow: Promise<boolean> | undefined;
  #promisor: Promise<string | undefined> | undefined;

  constructor(git: Git) {
    this.#git = git;
  }

  /**
   * The commit that a text names. A branch that exists only at the remote `origin` counts too.
   *
   * @throws Fault when there is none, or the clone does not reach that far.
   */
  async resolve(revision: string): Promise<string> {
    const name = revision === '' ? 'HEAD' : revision;
    const found = (await this.#tryCommit(name)) ?? (await this.#tryCommit(`refs/remotes/origin/${name}`));
    if (found !== undefined) return found;
    throw await this.#toUnknown(name);
  }

  /** The branch that others are merged into, such as `origin/main`; undefined: it cannot be found out. */
  async findDefaultBranch(): Promise<string | undefined> {
    const refs = ['remotes/origin/HEAD', 'remotes/origin/main', 'remotes/origin/master', 'heads/main', 'heads/master'];
    const names = refs.map((ref) => `refs/${ref}`);
    const listed = await this.#git.read(['for-each-ref', '--format=%(refname) %(symref)', ...names]);
    const known = new Map(listed.split('\n').map((line) => line.split(' ') as [string, string | undefined]));
    const [found] = names.filter((name) => known.has(name));
    return found && toShortName(known.get(found) || found);
  }

  /**
   * The commit at which two histories diverged.
   *
   * @throws Fault when there is none in this clone.
   */
  async findMergeBase(one: string, other: string): Promise<string> {
    const base = await this.#git.ask(['merge-base', one, other]);
    if (base !== undefined) return base.trim();
    throw new Fault(
      'environment',
      safe`${toShortId(one)} and ${toShortId(other)} have no common commit in this clone`,
      (await this.isShallow()) ? deepen : safe`they have unrelated histories: name both revisions`,
    );
  }

  /** The remote that a partial clone fetches missing objects from; undefined: the clone is not partial. */
  async findPromisor(): Promise<string | undefined> {
    this.#promisor ??= this.#git
      .ask(['config', '--get-regexp', '--name-only', '^remote\\..*\\.promisor$'])
      .then((keys) => keys?.split('\n')[0]?.slice('remote.'.length, -'.promisor'.length));
    return this.#promisor;
  }

  /** Whether this clone was made without older commits. */
  async isShallow(): Promise<boolean> {
    this.#isShallow ??= this.#git
      .read(['rev-parse', '--is-shallow-repository'])
      .then((answer) => answer.trim() === 'true');
    return this.#isShallow;
  }

  /** The commit that a name leads to, as an annotated tag does. */
  async #tryCommit(name: string): Promise<string | undefined> {
    // Whatever follows `:/` is part of the text to search for.
    const searched = name.startsWith(':/') ? await this.#parse(name) : undefined;
    const id = await this.#parse(`${searched ?? name}^{commit}`);
    // `^main` means all commits except those of main.
    return id?.startsWith('^') ? undefined : id;
  }

  async #parse(name: string): Promise<string | undefined> {
    return (await this.#git.ask(['rev-parse', '--quiet', '--verify', '--end-of-options', name]))?.trim();
  }

  /** Why there is no such commit. */
  async #toUnknown(name: string): Promise<Fault> {
    // Fails with git's own message where this is not a repository.
    await this.#git.read(['rev-parse', '--git-dir']);
    const id = await this.#parse(name);
    if (id !== undefined && !id.startsWith('^')) {
      const { code, output, complaint } = await this.#git.run(['cat-file', '-t', id]);
      const type = output.toString('utf8').trim();
      if (code === 0 && type !== 'commit')
        return new Fault(
          'usage',
          safe`${quote(name)} is a ${mask(type)}, not a commit`,
          safe`name a commit, a branch or a tag`,
        );
      // Git does not check whether a full id exists.
      if (id !== name.toLowerCase())
        return new Fault(
          'environment',
          safe`${quote(name)} is ${toShortId(id)}, which cannot be read: ${toSaid(complaint) ?? 'git gives no reason'}`,
          safe`run git fsck, or clone it again`,
        );
    }
    const base = splitSteps(name);
    const start = base === name ? undefined : await this.#tryCommit(base === '' ? 'HEAD' : base);
    if (start !== undefined) {
      const isShallow = await this.isShallow();
      const message = safe`${quote(name)} goes further back than the history${isShallow ? ' of this clone' : ''}`;
      return new Fault(isShallow ? 'environment' : 'usage', message, isShallow ? deepen : safe`name a later revision`);
    }
    if (name === 'HEAD') return new Fault('usage', safe`there is no commit yet`, safe`commit first`);
    const { complaint } = await this.#git.run(['rev-parse', '--verify', '--end-of-options', name]);
    const format = '--format=%(refname)';
    const listed = await this.#git.read(['for-each-ref', format, 'refs/heads', 'refs/remotes/origin']);
    const branches = listed.split('\n').filter(Boolean).map(toShortName);
    const meant = suggest(name, branches);
    // For an ambiguous abbreviation of an id, git lists the candidates.
    const said = /^hint: /m.test(complaint) ? safe`: ${toSaid(complaint) ?? ''}` : '';
    const otherwise = (await this.isShallow()) ? deepen : safe`${toBranchList(branches)}; or fetch it first`;
    return new Fault(
      'usage',
      safe`there is no revision ${quote(name)} in this clone${said}`,
      meant === undefined ? otherwise : safe`did you mean "${mask(meant)}"?`,
    );
  }
}

export const deepen = safe`the clone is shallow: run git fetch --unshallow, or have CI fetch the whole history`;

/** `main~2^` → `main` */
function splitSteps(revision: string): string {
  let end = revision.length;
  while (end > 0 && /[~^\d]/.test(revision.charAt(end - 1))) end--;
  const sign = revision.slice(end).search(/[~^]/);
  return sign < 0 ? revision : revision.slice(0, end + sign);
}

function toShortName(ref: string): string {
  return ref.replace(/^refs\/(remotes|heads)\//, '');
}

/** A commit's id as it is shown: its first seven digits. */
export function toShortId(commit: string): SafeText {
  return mask(commit.slice(0, 7));
}
