/** The workloads that the cluster has now, by their own names and by the InferenceService that they name. */
import { toKey, toServiceKey } from '../core/observe/live-object.ts';
import type { LiveWorkload } from '../core/serving/workload.ts';

export class LiveWorkloads {
  /** By kind, then by key. */
  readonly #all = new Map<string, Map<string, LiveWorkload>>();
  readonly #byService = new Map<string, readonly LiveWorkload[]>();

  /** Those of one InferenceService, by its key. */
  get byService(): ReadonlyMap<string, readonly LiveWorkload[]> {
    return this.#byService;
  }

  of(kind: string): ReadonlyMap<string, LiveWorkload> {
    return this.#all.get(kind) ?? new Map();
  }

  /** @returns what was there before and what is there now: the same object if nothing that is kept has changed. */
  put(workload: LiveWorkload): { readonly before: LiveWorkload | undefined; readonly after: LiveWorkload } {
    const { kind } = workload;
    const key = toKey(workload);
    const all = this.#all.get(kind) ?? new Map<string, LiveWorkload>();
    this.#all.set(kind, all);
    const before = all.get(key);
    if (before !== undefined && JSON.stringify(before) === JSON.stringify(workload)) return { before, after: before };
    if (before !== undefined) this.drop(kind, key);
    all.set(key, workload);
    const service = toServiceKey(workload);
    this.#byService.set(service, [...(this.#byService.get(service) ?? []), workload]);
    return { before, after: workload };
  }

  /** @returns what was there. */
  drop(kind: string, key: string): LiveWorkload | undefined {
    const before = this.#all.get(kind)?.get(key);
    if (before === undefined) return undefined;
    this.#all.get(kind)?.delete(key);
    const service = toServiceKey(before);
    const left = (this.#byService.get(service) ?? []).filter((one) => one !== before);
    if (left.length === 0) this.#byService.delete(service);
    else this.#byService.set(service, left);
    return before;
  }
}
