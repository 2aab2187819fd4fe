/**
 * A model whose promotion people revert: a branch in memory, Argo CD that renders what is in it and applies that, prunes
 * included, KServe that loads each new InferenceService again, and a watcher that hears of all that when it is told to look.
 */
import { toInstant } from '../../src/core/analysis/instant.ts';
import type { Live } from '../../src/core/observe/live-object.ts';
import { toLiveRoute, toLiveService } from '../../src/core/observe/live-object.ts';
import { toKinds } from '../../src/io/kubernetes/object-lists.ts';
import { loaded } from '../core/observe/live-objects.ts';
import { renderObjects, toModelText } from '../core/render/memory-tree.ts';
import { startWatcher } from './judged-scene.ts';
import { ManualClock } from './manual-clock.ts';
import { MemoryRepository } from './memory-branch.ts';

const file = 'wisdom/model.yaml';
const candidate = 'wisdom-1';
const mirrored = toModelText('wisdom', 'models');
const promoted = mirrored.replace(/ {2}primary:.*\n {2}candidate(:.*\n)/, '  primary$1');

interface Deployed {
  readonly object: ReturnType<typeof renderObjects>[number];
  readonly uid: string;
  readonly createdAt: string;
  status: object | undefined;
}

type Event = (watcher: ReturnType<typeof startWatcher>['watcher']) => void;

export class RevertingWorld {
  readonly clock = new ManualClock();
  readonly repository = new MemoryRepository(this.clock.date);
  /** What KServe reports of a new candidate before it is loaded. */
  readonly #first: object | undefined;
  /** The folder leaves git instead of the candidate, its status file too. */
  readonly #removesModel: boolean;
  readonly #deployed = new Map<string, Deployed>();
  #routes: Live[] = [];
  #events: Event[] = [];
  #created = 0;
  #watcher: ReturnType<typeof startWatcher> | undefined;
  #reverted: ReadonlyMap<string, string> | undefined;

  private constructor(first: object | undefined, removesModel: boolean) {
    this.#first = first;
    this.#removesModel = removesModel;
  }

  /** The candidate is loaded, and its mirror is open. */
  static async start(first: object | undefined, removesModel = false): Promise<RevertingWorld> {
    const world = new RevertingWorld(first, removesModel);
    world.repository.edit({ [file]: mirrored });
    world.sync();
    world.load();
    world.#watch();
    await world.clock.advance(10_000);
    world.sync();
    await world.see(10_000);
    return world;
  }

  /** In the cluster. */
  get isOpen(): boolean {
    return this.#routes.some((route) => route.is === 'route' && route.percentage > 0);
  }

  /** By the tip of the branch, once Argo CD has applied it. */
  get opens(): boolean {
    return this.#render().some((object) => toLiveRoute(object).percentage > 0);
  }

  /** Whether the InferenceService that is there now has loaded its model. */
  get isLoaded(): boolean {
    return this.#deployed.get(candidate)?.status === loaded;
  }

  /** By the tip. */
  get isDeclared(): boolean {
    return this.#reverted === undefined;
  }

  get commits(): number {
    return this.repository.messages.length;
  }

  /** A promotion, or, every other time, `git revert` of it: each file that it changed is as it was before. */
  toggle(): void {
    const { files } = this.repository;
    if (this.#reverted !== undefined) {
      this.repository.edit(Object.fromEntries(this.#reverted));
      this.#reverted = undefined;
      return;
    }
    const changed = this.#removesModel ? [...files.keys()] : [file];
    this.#reverted = new Map(changed.map((path) => [path, files.get(path) ?? '']));
    this.repository.edit(
      this.#removesModel ? Object.fromEntries(changed.map((path) => [path, undefined])) : { [file]: promoted },
    );
  }

  /** Argo CD applies the tip. */
  sync(): void {
    const desired = this.#render();
    const names = new Set(desired.map(({ kind, metadata }) => `${kind} ${metadata.name}`));
    for (const name of this.#deployed.keys())
      if (!names.has(`InferenceService ${name}`)) {
        this.#deployed.delete(name);
        this.#events.push((watcher) => watcher.drop('InferenceService', 'models', name));
      }
    for (const route of this.#routes)
      if (!names.has(`VirtualService ${route.name}`))
        this.#events.push((watcher) => watcher.drop('VirtualService', 'models', route.name));
    this.#routes = desired
      .filter(({ kind }) => kind === 'VirtualService')
      .map((object) => toLiveRoute({ ...object, metadata: { ...object.metadata, uid: object.metadata.name } }));
    for (const object of desired) if (object.kind === 'InferenceService') this.#apply(object);
    const routes = this.#routes;
    this.#events.push((watcher) => {
      for (const route of routes) watcher.put(route);
    });
  }

  /** KServe has loaded all that is there. */
  load(): void {
    for (const name of this.#deployed.keys()) this.#report(name, loaded);
  }

  /** The watcher hears of all that has happened, and has so much time, in milliseconds. */
  async see(ms: number): Promise<void> {
    for (const event of this.#events.splice(0)) if (this.#watcher !== undefined) event(this.#watcher.watcher);
    await this.clock.advance(ms);
  }

  /** The watcher ends, and nobody hears of what has happened until another one starts. */
  async stop(): Promise<void> {
    await this.#watcher?.end();
    this.#watcher = undefined;
  }

  restart(): void {
    this.#watch();
  }

  #watch(): void {
    this.#events = [];
    this.#watcher = startWatcher(this.repository, this.clock, noReplicas, []);
    const live = [...this.#routes, ...[...this.#deployed.values()].map(toLive)];
    for (const { kind } of toKinds(undefined))
      this.#watcher.watcher.replace(
        kind,
        undefined,
        live.filter((one) => one.kind === kind),
      );
  }

  #render(): ReturnType<typeof renderObjects> {
    return renderObjects(Object.fromEntries(this.repository.files), { allowEmpty: true });
  }

  #apply(object: Deployed['object']): void {
    const { name } = object.metadata;
    const before = this.#deployed.get(name);
    const createdAt = toInstant(this.clock.date() * 1000);
    const uid = before?.uid ?? `uid-${++this.#created}`;
    const status = before === undefined ? (name === candidate ? this.#first : loaded) : before.status;
    this.#put({ object, uid, createdAt: before?.createdAt ?? createdAt, status });
  }

  #report(name: string, status: object): void {
    const before = this.#deployed.get(name);
    if (before !== undefined) this.#put({ ...before, status });
  }

  #put(deployed: Deployed): void {
    this.#deployed.set(deployed.object.metadata.name, deployed);
    const live = toLive(deployed);
    this.#events.push((watcher) => watcher.put(live));
  }
}

const noReplicas = { toSource: () => ({ read: async () => ({ replicas: 0, troubles: [] }) }) };

/** Nothing was written since it was created but its status. */
function toLive({ object, uid, createdAt, status }: Deployed): Live {
  const managedFields = [
    { manager: 'argocd-controller', operation: 'Apply', time: createdAt, fieldsV1: { 'f:spec': {} } },
  ];
  const metadata = { ...object.metadata, uid, generation: 1, creationTimestamp: createdAt, managedFields };
  return toLiveService({ ...object, metadata, ...(status === undefined ? {} : { status }) });
}
