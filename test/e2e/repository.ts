/** A repository on a real git server, and a person's clone of it. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { git } from '../../src/demo/fakes/git.ts';
import type { GitServer } from '../../src/demo/fakes/git-server.ts';
import { scratch } from './sandbox.ts';

/** By path; undefined removes it. */
export type Files = Readonly<Record<string, string | undefined>>;

export interface Commit {
  readonly id: string;
  readonly subject: string;
  readonly author: string;
  /** Milliseconds since 1970, to the second. */
  readonly at: number;
}

export class Repository {
  readonly name: string;
  readonly url: string;
  readonly folder: string;
  readonly #bare: string;
  #changing: Promise<unknown> = Promise.resolve();

  private constructor(server: GitServer, name: string) {
    this.name = name;
    this.url = server.url(name);
    this.#bare = server.folder(name);
    this.folder = join(scratch, 'clones', name);
  }

  static async create(server: GitServer, name: string): Promise<Repository> {
    await server.createRepository(name);
    const repository = new Repository(server, name);
    mkdirSync(dirname(repository.folder), { recursive: true });
    await git(scratch, ['clone', '--quiet', server.folder(name), repository.folder]);
    await repository.commit({ 'README.md': 'Models.\n' }, 'The beginning');
    return repository;
  }

  /**
   * A person's commit on top of all that is there, pushed.
   * @returns when the push was done, in milliseconds since 1970.
   */
  async commit(files: Files, message: string): Promise<number> {
    return this.change(message, () => {
      for (const [path, text] of Object.entries(files)) {
        const place = join(this.folder, path);
        if (text === undefined) rmSync(place, { recursive: true, force: true });
        else {
          mkdirSync(dirname(place), { recursive: true });
          writeFileSync(place, text);
        }
      }
    });
  }

  /** The same for whatever is done to the work tree; one after the other, as there is one. */
  change(message: string, edit: () => void | Promise<void>): Promise<number> {
    const changed = this.#changing.then(() => this.#change(message, edit));
    this.#changing = changed.catch(() => {});
    return changed;
  }

  async #change(message: string, edit: () => void | Promise<void>): Promise<number> {
    // The watcher may push in between: then the same edit is made on top of that.
    for (let attempt = 1; ; attempt++) {
      await this.update();
      await edit();
      await git(this.folder, ['add', '--all']);
      await git(this.folder, ['commit', '--quiet', '--message', message]);
      try {
        await git(this.folder, ['push', '--quiet', 'origin', 'HEAD:main']);
        return Date.now();
      } catch (error) {
        if (attempt === 10) throw error;
      }
    }
  }

  /** Undoes the newest commit of this subject, on top of all that came after it. */
  async revert(subject: string): Promise<number> {
    const found = (await this.log()).find((commit) => commit.subject === subject);
    if (found === undefined) throw new Error(`there is no commit "${subject}"`);
    return this.change(`Revert "${subject}"`, async () => {
      await git(this.folder, ['revert', '--no-commit', found.id]);
    });
  }

  /** A history without all that was before, forced onto the branch. */
  async beginAnew(files: Files): Promise<void> {
    await this.update();
    await git(this.folder, ['checkout', '--quiet', '--orphan', 'restart']);
    await git(this.folder, ['rm', '--quiet', '-r', '--force', '.']);
    for (const [path, text = ''] of Object.entries(files)) {
      mkdirSync(dirname(join(this.folder, path)), { recursive: true });
      writeFileSync(join(this.folder, path), text);
    }
    await git(this.folder, ['add', '--all']);
    await git(this.folder, ['commit', '--quiet', '--message', 'The beginning']);
    await git(this.folder, ['push', '--quiet', '--force', 'origin', 'HEAD:main']);
    await git(this.folder, ['checkout', '--quiet', '-B', 'main']);
  }

  /** Of models, in the clone. */
  empty(): void {
    rmSync(join(this.folder, 'models'), { recursive: true, force: true });
    writeFileSync(join(this.folder, 'README.md'), `Empty since ${new Date().toISOString()}.\n`);
  }

  /** The clone as the branch is now. */
  async update(): Promise<void> {
    if ((await git(this.#bare, ['branch', '--list', 'main'])).trim() === '') return;
    await git(this.folder, ['fetch', '--quiet', 'origin', 'main']);
    await git(this.folder, ['reset', '--quiet', '--hard', 'FETCH_HEAD']);
  }

  /** A file at the branch's tip, or at another commit; undefined when it is not there. */
  async read(path: string, commit = 'main'): Promise<string | undefined> {
    try {
      return await git(this.#bare, ['show', `${commit}:${path}`]);
    } catch {
      return undefined;
    }
  }

  /** Of main, the newest first. @param range as `git log` has it. */
  async log(limit = 50, range = 'main'): Promise<Commit[]> {
    const text = await git(this.#bare, ['log', `--max-count=${limit}`, '--format=%H%x09%ct%x09%an%x09%s', range]);
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const [id = '', time = '', author = '', subject = ''] = line.split('\t');
        return { id, at: Number(time) * 1000, author, subject };
      });
  }

  /** What a file was after each commit that changed it, the oldest first; undefined: it was gone. */
  async versionsOf(path: string): Promise<{ readonly id: string; readonly text: string | undefined }[]> {
    const commits = (await git(this.#bare, ['log', '--reverse', '--format=%H', 'main', '--', path])).split('\n');
    const ids = commits.filter((id) => id !== '');
    return Promise.all(ids.map(async (id) => ({ id, text: await this.read(path, id) })));
  }

  /** The paths that differ between two commits. */
  async differences(from: string, to: string): Promise<string[]> {
    const text = await git(this.#bare, ['diff', '--name-only', '-z', from, to]);
    return text.split('\0').filter((path) => path !== '');
  }

  async tip(): Promise<string> {
    return (await git(this.#bare, ['rev-parse', 'main'])).trim();
  }

  /** Of the person's clone, as it is on the disk. */
  async readClone(path: string): Promise<string> {
    return readFile(join(this.folder, path), 'utf8');
  }
}
