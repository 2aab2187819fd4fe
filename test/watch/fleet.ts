/** Many models that change all the time, and what must be true of the branch afterwards. */
import type { ExecutionContext } from 'ava';
import { parseStatus } from '../../src/core/input/parse-document.ts';
import { failed, loaded, loading } from '../core/observe/live-objects.ts';
import type { WatchScene } from './watch-scene.ts';
import { toManifests, toModelText, until } from './watch-scene.ts';

const states = [
  { status: loading, state: 'Loading' },
  { status: loaded, state: 'Ready' },
  { status: failed, state: 'Failed' },
] as const;

/** Where the watcher writes: to the branch that people write to, or to one that it carries that to. */
type FleetBranch = 'main' | 'deploy';

export class Fleet {
  readonly #scene: WatchScene;
  readonly #branch: FleetBranch;
  readonly names: readonly string[];
  /** The last state of each candidate in the cluster. */
  readonly last = new Map<string, (typeof states)[number]['state']>();
  #person = 0;

  constructor(scene: WatchScene, count: number, branch: FleetBranch = 'main') {
    this.#scene = scene;
    this.#branch = branch;
    this.names = Array.from({ length: count }, (_, i) => `m${String(i).padStart(2, '0')}`);
  }

  async deploy(): Promise<void> {
    const files = this.names.map((name) => [`models/${name}/model.yaml`, toModelText(name)]);
    await this.#scene.commit({ ...Object.fromEntries(files), 'README.md': 'of people' }, 'the beginning');
    for (const name of this.names) {
      for (const manifest of toManifests(name, `models/${name}`)) await this.#scene.cluster.apply(manifest);
      await this.set(name, 0);
    }
  }

  /** Something happens to one model. */
  async change(): Promise<void> {
    const name = this.names[Math.floor(Math.random() * this.names.length)] ?? '';
    await this.set(name, Math.floor(Math.random() * states.length));
  }

  async set(name: string, index: number): Promise<void> {
    const { status, state } = states[index] ?? states[0];
    await this.#scene.cluster.patchStatus('inferenceservices', 'models', `${name}-1`, status);
    this.last.set(name, state);
  }

  /** A person's commit at the same time. */
  async note(): Promise<void> {
    const n = this.#person++;
    await this.#scene.commit({ [`notes/${n}.txt`]: `note ${n}`, 'README.md': `edit ${n}` }, `note ${n}`);
  }

  /** Waits until the branch has the last state of every model, and all that people have committed. */
  async settled(): Promise<void> {
    await until('the branch has the last states', async () => {
      if ((await this.#listOthers()) !== '') return false;
      const recorded = await this.#readStates();
      return this.names.every((name) => recorded.get(name) === this.last.get(name));
    });
  }

  /** The branch has exactly the files that it should; no commit changed more than it may. */
  async check(t: ExecutionContext): Promise<void> {
    const scene = this.#scene;
    t.is(await scene.fsck(), '');
    const paths = (await scene.git('ls-tree', '-r', '--name-only', this.#branch)).trimEnd().split('\n');
    const wanted = this.names.flatMap((name) => [`models/${name}/model.yaml`, `models/${name}/status.yaml`]);
    const notes = Array.from({ length: this.#person }, (_, i) => `notes/${i}.txt`);
    t.deepEqual(paths, ['README.md', ...wanted, ...notes].sort());
    t.is(await this.#listOthers(), '');
    const seen = new Set<string>();
    for (const { author, subject, paths: changed } of await this.#listCommits('main')) {
      if (author !== 'Ada') this.#checkStatus(t, subject, changed);
      else {
        t.false(seen.has(subject), `${subject} is there twice`);
        seen.add(subject);
      }
    }
    t.is(seen.size, this.#person + 1, 'no commit of a person is lost');
    t.is(await scene.git('rev-list', '--merges', 'main'), '');
    if (this.#branch === 'deploy') await this.#checkCarried(t);
  }

  /** Each commit of the deploy branch names the commit of main that it has, and main never goes back. */
  async #checkCarried(t: ExecutionContext): Promise<void> {
    const main = (await this.#scene.git('rev-list', '--first-parent', '--reverse', 'main')).trimEnd().split('\n');
    let last = -1;
    for (const { subject, paths, carried } of await this.#listCommits('deploy', '^main')) {
      const at = main.indexOf(carried);
      t.true(at >= last, `${subject} has ${carried} of main, after ${main[last]}`);
      if (at > last) t.regex(subject, new RegExp(`^carry ${carried.slice(0, 8)}: `));
      else this.#checkStatus(t, subject, paths);
      last = at;
    }
    t.is(last, main.length - 1, 'all of main is carried');
  }

  #checkStatus(t: ExecutionContext, subject: string, paths: readonly string[]): void {
    t.regex(subject, /^status(\(m\d+\))?: /);
    for (const path of paths) t.regex(path, /^models\/m\d+\/status\.yaml$/);
  }

  /** The oldest first. */
  async #listCommits(...revisions: readonly string[]) {
    const format = '--format=%x00%an%x01%s%x01%(trailers:key=Carried,valueonly)';
    const log = await this.#scene.git('log', '--first-parent', '--reverse', format, '--name-only', ...revisions);
    return log
      .split('\0')
      .slice(1)
      .map((entry) => {
        const [head = '', ...rest] = entry.split('\n');
        const [author = '', subject = '', carried = ''] = head.split('\x01');
        return { author, subject, carried, paths: rest.filter((line) => line !== '') };
      });
  }

  /** What the branch has otherwise than main, beside status files. */
  async #listOthers(): Promise<string> {
    return await this.#scene.git('diff', '--name-only', 'main', this.#branch, '--', ':!models/*/status.yaml');
  }

  async #readStates(): Promise<Map<string, string | undefined>> {
    const recorded = new Map<string, string | undefined>();
    const list = await this.#scene.git('ls-tree', '-r', this.#branch, 'models');
    const ids = list.split('\n').flatMap((line) => {
      const [, id = '', name = ''] = /^100644 blob (\S+)\tmodels\/([^/]+)\/status\.yaml$/.exec(line) ?? [];
      return id === '' ? [] : [{ id, name }];
    });
    for (const { id, name } of ids) {
      const text = await this.#scene.git('cat-file', 'blob', id);
      recorded.set(name, parseStatus({ path: name, text }).value?.status.candidates[0]?.state);
    }
    return recorded;
  }
}
