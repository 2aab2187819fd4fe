/** The fakes of ModelMesh's controller and of its data plane: what the one writes of a model, the other does. */

import type { Cluster } from './cluster.ts';
import type { Transition } from './kserve-controller.ts';
import { KServeController } from './kserve-controller.ts';
import type { ModelState } from './modelmesh.ts';
import type { ModelMeshControl } from './modelmesh-control.ts';
import { modelNamespace } from './pods.ts';

/** How often it is looked whether somebody has called a model that is not loaded. */
const lookMs = 200;

export class Models {
  readonly controller: KServeController;
  readonly #modelmesh: ModelMeshControl;
  readonly #usual = { loadMs: 500 };
  /** By name: told to behave otherwise than its state says. */
  readonly #faults = new Map<string, 'failing' | 'hanging'>();
  /** By name, since when, in milliseconds since 1970. */
  readonly #standby = new Map<string, number>();
  /** By name: what loads stops all others of its Pod. */
  readonly #stalling = new Set<string>();
  #reported: Promise<unknown> = Promise.resolve();

  constructor(cluster: Cluster, modelmesh: ModelMeshControl) {
    this.#modelmesh = modelmesh;
    const { url, ca, token } = cluster.api;
    this.controller = new KServeController({
      api: { url, ca, token },
      namespaces: [modelNamespace],
      behaviour: this.#usual,
      onTransition: (transition) => {
        this.#reported = this.#reported.then(() => this.#tell(transition)).catch(() => {});
      },
    });
    this.controller.start();
    setInterval(() => void this.#wake().catch(() => {}), lookMs).unref();
  }

  /** How long every model takes to load from now on. */
  set loadMs(ms: number) {
    this.#usual.loadMs = ms;
  }

  /** Its calls fail with UNAVAILABLE or are never answered, though its controller sees nothing of it. */
  async disturb(name: string, fault: 'failing' | 'hanging'): Promise<void> {
    this.#faults.set(name, fault);
    await this.#modelmesh.set(name, toFault(fault));
  }

  async heal(name: string): Promise<void> {
    this.#faults.delete(name);
    await this.#modelmesh.set(name, { state: 'loaded' });
  }

  /** From now on its loading takes all of its Pod, or no more. */
  stall(name: string, isStalling: boolean): void {
    if (isStalling) this.#stalling.add(name);
    else this.#stalling.delete(name);
  }

  /** The first call to a model in Standby loads it. */
  async #wake(): Promise<void> {
    if (this.#standby.size === 0) return;
    const { lastCalls } = await this.#modelmesh.report();
    for (const [name, since] of this.#standby)
      if ((lastCalls[name] ?? 0) >= since) this.controller.call(modelNamespace, name);
  }

  async #tell({ name, state, revision, message, at }: Transition): Promise<void> {
    if (state === 'Standby') this.#standby.set(name, at);
    else this.#standby.delete(name);
    if (state === 'Gone') return this.#modelmesh.remove(name);
    const fault = this.#faults.get(name);
    const known = { concrete: revision.name };
    if (fault !== undefined) return this.#modelmesh.set(name, { ...known, ...toFault(fault) });
    if (state === 'Loaded') return this.#modelmesh.set(name, { ...known, state: 'loaded' });
    if (state === 'FailedToLoad')
      return this.#modelmesh.set(name, {
        ...known,
        state: 'failing',
        ...(message === undefined ? {} : { message }),
      });
    await this.#modelmesh.set(name, { ...known, state: 'loading', stallsPod: this.#stalling.has(name) });
  }
}

function toFault(fault: 'failing' | 'hanging'): ModelState {
  return fault === 'failing' ? { state: fault, code: 'UNAVAILABLE', message: 'io exception' } : { state: fault };
}
