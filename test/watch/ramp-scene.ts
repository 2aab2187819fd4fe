/** A model on a ramp: a branch in memory, a cluster that applies what the plugin renders of it, and replicas that count. */
import type { Block } from '../../src/core/analysis/block.ts';
import { toCheckId } from '../../src/core/analysis/check-id.ts';
import { toInstant } from '../../src/core/analysis/instant.ts';
import type { Manifest } from '../../src/core/manifests/manifest.ts';
import type { LiveRoute } from '../../src/core/observe/live-object.ts';
import { toLiveRoute, toLiveService } from '../../src/core/observe/live-object.ts';
import type { EvidenceSource } from '../../src/core/ports/evidence.ts';
import { toStatus } from '../core/observe/live-objects.ts';
import { renderObjects, toModelText } from '../core/render/memory-tree.ts';
import { minute, startWatcher } from './judged-scene.ts';
import { ManualClock } from './manual-clock.ts';
import { MemoryRepository } from './memory-branch.ts';

const check = { code: 'errors.rate', limit: 0.01 } as const;

export const toPolicyText = (steps: string, more = '') => `apiVersion: model-mirror.dev/v1alpha1
kind: MirrorPolicy
metadata: {name: wisdom}
spec:
  ramp: {steps: ${steps}, hold: 10m}
  analysis: {minSamples: 300, checks: [errors: {rate: 1%}]${more}}
`;

export class RampScene {
  readonly clock = new ManualClock();
  readonly repository = new MemoryRepository(this.clock.date);
  /** Of 100 calls in a minute of each replica. */
  failures = 0;
  /** No copy arrives. */
  isSilent = false;
  /** What the routes show, by the minute: share, and the step that is judged. */
  readonly shares: string[] = [];
  /** What KServe reports of an InferenceService, by its name; all others are loaded. */
  readonly statuses = new Map<string, object>();
  /** Of each of two replicas. */
  readonly #blocks: readonly Block[][] = [[], []];
  readonly #watchers: ReturnType<typeof startWatcher>[] = [];
  readonly #loadedAt = new Map<string, string>();
  #route: LiveRoute | undefined;

  constructor(policy: string) {
    this.edit({ 'wisdom/model.yaml': toModelText('wisdom', 'models'), 'wisdom/policy.yaml': policy });
  }

  /** A person's commit. */
  edit(files: Readonly<Record<string, string | undefined>>): void {
    this.repository.edit(files);
  }

  get status(): string {
    return this.repository.files.get('wisdom/status.yaml') ?? '';
  }

  /** A watcher whose clock is off by so much. */
  watch(skewMs = 0): void {
    const counted = this.#blocks;
    const toSource = (): EvidenceSource => {
      const read = counted.map((): number | undefined => undefined);
      return {
        read: async (take) => {
          for (const [i, blocks] of counted.entries()) {
            const known = read[i];
            const first = (known ?? 0) + 1;
            take({
              replica: String(i),
              sums: known === undefined ? [] : undefined,
              first,
              blocks: blocks.slice(known),
            });
            read[i] = blocks.length;
          }
          return { replicas: counted.length, troubles: [] };
        },
      };
    };
    this.#watchers.push(startWatcher(this.repository, this.clock, { toSource }, [], skewMs));
    this.#apply();
  }

  /** The watcher that was started first, and its view of the branch. */
  get first(): Pick<ReturnType<typeof startWatcher>, 'watcher' | 'branch'> {
    const [first] = this.#watchers;
    if (first === undefined) throw new Error('no watcher was started');
    return first;
  }

  /** Ends the watcher that was started first, as a new one takes its place. */
  async replaceWatcher(): Promise<void> {
    await this.#watchers.shift()?.end();
    this.watch();
  }

  /** In each of them, replicas count by the routes, the watchers look, and Argo CD applies what is in git. */
  async pass(minutes: number): Promise<void> {
    for (let nth = 0; nth < minutes; nth++) {
      this.#count();
      await this.clock.advance(minute);
      this.#apply();
      const { percentage, task } = this.#route ?? {};
      this.shares.push(`${percentage ?? 0} % at ${task?.subject.step ?? 'no'}`);
    }
  }

  /** As many minutes as it takes. */
  async reach(stage: string): Promise<void> {
    for (let nth = 0; this.shares.at(-1) !== stage; nth++) {
      if (nth === 90) throw new Error(`never: ${stage}`);
      await this.pass(1);
    }
  }

  async end(): Promise<void> {
    await Promise.all(this.#watchers.map((watcher) => watcher.end()));
  }

  #count(): void {
    const task = this.#route?.task;
    if (task === undefined || this.isSilent) return;
    for (const [i, skew] of [-20_000, 20_000].entries()) {
      const start = Math.floor((this.clock.date() * 1000 + skew) / minute) * minute;
      this.#blocks[i]?.push({
        start,
        end: start + minute,
        namespace: 'models',
        model: 'wisdom',
        subject: task.subject,
        counts: [{ check: toCheckId(check), bad: this.failures, all: 100 }],
        coverage: { received: 100, compared: 100, dropped: {}, unknown: {} },
      });
    }
  }

  /** KServe writes one status for each digest. */
  #load({ metadata: { name, annotations } }: Manifest): object {
    const given = this.statuses.get(name);
    if (given !== undefined) return given;
    const digest = annotations?.['model-mirror.dev/digest'] ?? '';
    const time = this.#loadedAt.get(digest) ?? toInstant(this.clock.date() * 1000);
    this.#loadedAt.set(digest, time);
    return toStatus({ ready: 'True', transition: 'UpToDate', active: 'Loaded', time });
  }

  #apply(): void {
    const objects = renderObjects(Object.fromEntries(this.repository.files));
    for (const object of objects) {
      const { name } = object.metadata;
      const live = { ...object, metadata: { ...object.metadata, uid: name, resourceVersion: '1', generation: 1 } };
      if (object.kind === 'InferenceService')
        for (const { watcher } of this.#watchers)
          watcher.put({ ...toLiveService({ ...live, status: this.#load(object) }), statusIsLater: true });
      if (object.kind !== 'VirtualService') continue;
      const route = toLiveRoute(live);
      if (name === 'wisdom') this.#route = route;
      for (const { watcher } of this.#watchers) watcher.put(route);
    }
  }
}
