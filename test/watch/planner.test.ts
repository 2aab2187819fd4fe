import test from 'ava';
import fc from 'fast-check';
import type { Live } from '../../src/core/observe/live-object.ts';
import { toStatusText } from '../../src/output/status-text.ts';
import { BranchFiles } from '../../src/watch/branch-files.ts';
import { LiveCache } from '../../src/watch/live-cache.ts';
import type { Plan, PlanOptions } from '../../src/watch/planner.ts';
import { Planner } from '../../src/watch/planner.ts';
import { failed, loaded, toRoute } from '../core/observe/live-objects.ts';
import { times } from '../thorough.ts';
import { inNamespace, toServices } from './declared.ts';
import { MemoryBranch, MemoryRepository } from './memory-branch.ts';
import { toModelText } from './watch-scene.ts';

const options: PlanOptions = { path: '.', cluster: undefined, page: true, namespaces: undefined, settleMs: 0 };

/** A watcher without its loop: it sees events and commits as they come, and plans now and then. */
class Desk {
  readonly #branch: MemoryBranch;
  readonly #live = new LiveCache(undefined);
  readonly #files = new BranchFiles(options);
  readonly #planner = new Planner(options, this.#files, this.#live);

  constructor(repository: MemoryRepository) {
    this.#branch = new MemoryBranch(repository);
  }

  async read(): Promise<void> {
    this.#planner.noteCommit(await this.#files.update(await this.#branch.fetch(), this.#branch.read), 0);
  }

  put(live: Live): boolean {
    return this.#planner.noteEvent(this.#live.put(live), 0);
  }

  drop({ kind, namespace, name }: Live): boolean {
    return this.#planner.noteEvent(this.#live.drop(kind, namespace, name), 0);
  }

  plan(): Plan {
    return this.#planner.plan(0);
  }

  async push(): Promise<void> {
    const plan = this.plan();
    const { statuses, page } = plan;
    const changes = new Map([...statuses, ...(page === undefined ? [] : [page])].map(({ file, text }) => [file, text]));
    const snapshot = await this.#branch.push({ changes, message: 'status' as never });
    if (snapshot === 'moved') throw new Error('the branch moved');
    // So long ago that nothing is left to another program.
    this.#planner.accept(plan, snapshot, Number.NEGATIVE_INFINITY);
  }
}

/** What would be written, in a fixed order. */
function toWritten({ statuses, page }: Plan): unknown {
  return { files: new Map(statuses.map(({ file, text }) => [file, text] as const).sort()), page };
}

const openModelText = (name: string) => toModelText(name).replace(', namespace: models', '');
const files: Readonly<Record<string, readonly (string | undefined)[]>> = {
  'a/model.yaml': [toModelText('a'), toModelText('a', undefined), openModelText('a'), 'kind: Model', undefined],
  'a/status.yaml': [toStatusText({ name: 'a', namespace: 'zoo', status: { candidates: [] } }), undefined],
  'b/model.yaml': [openModelText('b'), undefined],
  'c/model.yaml': [openModelText('a'), undefined],
  'b/status.yaml': [toStatusText({ name: 'b', namespace: 'models', status: { candidates: [] } }), undefined],
};

const mostly = <T>(usual: T, ...others: T[]) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(usual) }, fc.constantFrom(...others));
const route = fc
  .record({
    namespace: mostly('models', 'zoo'),
    name: mostly('a', 'b'),
    path: mostly('a', 'b', 'c', undefined),
    percentage: fc.constantFrom(0, 50),
    isMirror: fc.boolean(),
  })
  .map(({ namespace, name, path, percentage, isMirror }): Live => {
    if (isMirror) return inNamespace(toRoute(`${name}-mirror`, { to: `${name}-1` }), namespace);
    return inNamespace(toRoute(name, path === undefined ? {} : { path, percentage }), namespace);
  });
const service = fc
  .record({
    namespace: mostly('models', 'zoo'),
    name: mostly('a', 'b'),
    version: fc.constantFrom(0, 1),
    label: mostly('a', 'b', undefined),
    state: fc.constantFrom(loaded, failed),
  })
  .map(({ namespace, name, version, label, state }): Live => {
    const live = toServices(name, state)[version] as Live;
    return { ...inNamespace(live, namespace), model: label } as Live;
  });
const edit = fc
  .constantFrom(...Object.keys(files))
  .chain((path) => fc.record({ path: fc.constant(path), text: fc.constantFrom(...(files[path] ?? [])) }));
const step = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), live: fc.oneof(route, service) }),
  // A model stays where it is while its last InferenceService is gone: one that sees it all at once cannot know.
  fc.record({ kind: fc.constant('drop' as const), live: route }),
  fc.record({ kind: fc.constant('edit' as const), edit }),
  fc.record({ kind: fc.constant('plan' as const) }),
  fc.record({ kind: fc.constant('push' as const) }),
);

test('whatever happened before, the plan is that of a watcher that sees it all at once', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
      const repository = new MemoryRepository();
      repository.edit({ 'a/model.yaml': toModelText('a'), 'b/model.yaml': openModelText('b') });
      const desk = new Desk(repository);
      const objects = new Map<string, Live>();
      await desk.read();
      for (const one of steps) {
        if (one.kind === 'plan') desk.plan();
        else if (one.kind === 'push') await desk.push();
        else if (one.kind === 'edit') {
          repository.edit({ [one.edit.path]: one.edit.text });
          await desk.read();
        } else {
          const key = `${one.live.kind} ${one.live.namespace}/${one.live.name}`;
          if (one.kind === 'put') objects.set(key, one.live);
          else objects.delete(key);
          desk[one.kind](one.live);
        }
      }
      const fresh = new Desk(repository);
      await fresh.read();
      for (const live of objects.values()) fresh.put(live);
      t.deepEqual(toWritten(desk.plan()), toWritten(fresh.plan()));
    }),
    { numRuns: times(1000, 80) },
  );
});

test('an object of a model that is not in git causes a fetch once, until the branch moves', async (t) => {
  const repository = new MemoryRepository();
  const desk = new Desk(repository);
  await desk.read();
  const route = (path: string) => toRoute('a', { path });
  t.true(desk.put(route('a')));
  t.false(desk.put(route('a')));
  t.true(desk.put(route('b')));
  for (const path of ['c', 'd', 'e']) t.true(desk.put(route(path)));
  t.false(desk.put(route('f')), 'not each time that it names another');
  repository.edit({ 'README.md': 'text' });
  await desk.read();
  t.true(desk.put(route('f')));
  repository.edit({ 'a/model.yaml': toModelText('a') });
  await desk.read();
  desk.plan();
  t.false(desk.put(route('a')));
});
