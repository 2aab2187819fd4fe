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

export class Fleet {
  readonly #scene: WatchScene;
  readonly names: readonly string[];
  /** The last state of each candidate in the cluster. */
  readonly last = new Map<string, (typeof states)[number]['state']>();
  #person = 0;

  constructor(scene: WatchScene, count: number) {
    this.#scene = scene;
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

  /** Waits until the branch has the last state of every model. */
  async settled(): Promise<void> {
    await until('the branch has the last states', async () => {
      const recorded = await this.#readStates();
      return this.names.every((name) => recorded.get(name) === this.last.get(name));
    });
  }

  /** The branch has exactly the files that it should; no commit changed more than it may. */
  async check(t: ExecutionContext): Promise<void> {
    const scene = this.#scene;
    t.is(await scene.fsck(), '');
    const paths = (await scene.git('ls-tree', '-r', '--name-only', 'main')).trimEnd().split('\n');
    const wanted = this.names.flatMap((name) => [`models/${name}/model.yaml`, `models/${name}/status.yaml`]);
    const notes = Array.from({ length: this.#person }, (_, i) => `notes/${i}.txt`);
    t.deepEqual(paths, ['README.md', ...wanted, ...notes].sort());
    const log = await scene.git('log', '--first-parent', '--format=%x00%an%x01%s', '--name-only', 'main');
    const seen = new Set<string>();
    for (const entry of log.split('\0').slice(1)) {
      const [head = '', ...rest] = entry.split('\n');
      const [author, subject = ''] = head.split('\x01');
      if (author !== 'Ada') {
        t.regex(subject, /^status(\(m\d+\))?: /);
        for (const path of rest.filter((line) => line !== '')) t.regex(path, /^models\/m\d+\/status\.yaml$/);
      } else {
        t.false(seen.has(subject), `${subject} is there twice`);
        seen.add(subject);
      }
    }
    t.is(seen.size, this.#person + 1, 'no commit of a person is lost');
    t.is(await scene.git('rev-list', '--merges', 'main'), '');
  }

  async #readStates(): Promise<Map<string, string | undefined>> {
    const recorded = new Map<string, string | undefined>();
    const list = await this.#scene.git('ls-tree', '-r', 'main', 'models');
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
