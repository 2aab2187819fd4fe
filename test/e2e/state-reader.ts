/** What the watcher's own readers make of InferenceServices in Standard mode, object by object as they are served. */
import { mapsAt, textAt, valueAt } from '../../src/core/input/plain-value.ts';
import { digestAnnotation } from '../../src/core/manifests/manifest.ts';
import type { ServiceReport } from '../../src/core/serving/serving-mode.ts';
import { readReport, workloads } from '../../src/core/serving/standard/report.ts';
import type { LiveWorkload } from '../../src/core/serving/workload.ts';

export class StateReader {
  /** By name. */
  readonly #services = new Map<string, object>();
  /** By kind and name. */
  readonly #workloads = new Map<string, LiveWorkload>();
  /** By the InferenceService's name: each state that differs from the one before. */
  readonly #states = new Map<string, string[]>();

  put(kind: string, object: object): void {
    if (kind === 'InferenceService') this.#services.set(toName(object), object);
    else {
      const kept = workloads.read(object, kind);
      if (kept === undefined) this.#workloads.delete(toKey(kind, object));
      else this.#workloads.set(toKey(kind, object), kept);
    }
    this.#look();
  }

  drop(kind: string, object: object): void {
    if (kind === 'InferenceService') this.#services.delete(toName(object));
    else this.#workloads.delete(toKey(kind, object));
    this.#look();
  }

  /** The states of an InferenceService since it was last asked, from the one that it was in then. */
  take(name: string): string[] {
    const states = this.#states.get(name) ?? [];
    if (states.length > 0) this.#states.set(name, states.slice(-1));
    return states;
  }

  last(name: string): string | undefined {
    return this.#states.get(name)?.at(-1);
  }

  /** KServe’s own claim: Ready, the transition, the active and the target model, the last failure. */
  claim(name: string): string {
    const service = this.#services.get(name);
    const at = (...path: string[]) => textAt(service, ['status', ...path]) ?? '';
    const ready = mapsAt(service, ['status', 'conditions']).find(({ type }) => type === 'Ready');
    const model = (key: string) => at('modelStatus', 'states', `${key}ModelState`);
    const failure = at('modelStatus', 'lastFailureInfo', 'reason');
    const transition = at('modelStatus', 'transitionStatus');
    const words = [ready?.['status'], transition, `${model('active')}/${model('target')}`, failure];
    return words.filter((word) => word !== '').join(' ');
  }

  #look(): void {
    for (const [name, service] of this.#services) this.#add(name, toWords(this.#report(name, service)));
    for (const name of this.#states.keys()) if (!this.#services.has(name)) this.#add(name, 'Gone');
  }

  #add(name: string, state: string): void {
    const states = this.#states.get(name) ?? [];
    if (states.at(-1) !== state) states.push(state);
    this.#states.set(name, states);
  }

  #report(name: string, service: object): ServiceReport {
    const status = valueAt(service, ['status']);
    const said = status === undefined ? undefined : readReport(status as Parameters<typeof readReport>[0]);
    const uid = String(valueAt(service, ['metadata', 'uid']));
    const digest = textAt(service, ['metadata', 'annotations', digestAnnotation]);
    const own = [...this.#workloads.values()].filter((one) => one.service === name);
    return workloads.report({ uid, digest, parts: workloads.findParts(service), since: undefined }, said, own);
  }
}

function toWords({ state, reason, isStopped, isAbout }: ServiceReport): string {
  const about = isAbout === false ? 'of an older spec' : '';
  return [isStopped ? 'Stopped' : state, reason, about].filter((word) => word !== '').join(' ');
}

export function toName(object: unknown): string {
  return String(valueAt(object, ['metadata', 'name']));
}

export function toKey(kind: string, object: unknown): string {
  return `${kind} ${toName(object)}`;
}
