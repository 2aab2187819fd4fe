/** The stand-ins for KServe's controller and ModelMesh: what the one writes of a model, the other does. */

import type { Cluster } from './cluster.ts';
import { KServeController } from './kserve-controller.ts';
import { modelNamespace } from './mesh.ts';
import type { ModelMeshControl } from './modelmesh-control.ts';

export class Models {
  readonly controller: KServeController;
  readonly #modelmesh: ModelMeshControl;
  readonly #usual = { loadMs: 500 };
  /** By name: told to behave otherwise than its state says. */
  readonly #faults = new Map<string, 'failing' | 'hanging'>();
  #told: Promise<unknown> = Promise.resolve();

  constructor(cluster: Cluster, modelmesh: ModelMeshControl) {
    this.#modelmesh = modelmesh;
    const { url, ca, token } = cluster.api;
    this.controller = new KServeController({
      api: { url, ca, token },
      namespaces: [modelNamespace],
      behaviour: this.#usual,
      onTransition: ({ name, state }) => {
        this.#told = this.#told.then(() => this.#tell(name, state)).catch(() => {});
      },
    });
    this.controller.start();
  }

  /** How long every model takes to load from now on. */
  set loadMs(ms: number) {
    this.#usual.loadMs = ms;
  }

  /** Its calls fail with UNAVAILABLE or are never answered, though its controller sees nothing of it. */
  async disturb(name: string, fault: 'failing' | 'hanging'): Promise<void> {
    this.#faults.set(name, fault);
    await this.#modelmesh.set(name, { state: fault });
  }

  async heal(name: string): Promise<void> {
    this.#faults.delete(name);
    await this.#modelmesh.set(name, { state: 'loaded' });
  }

  async #tell(name: string, state: string): Promise<void> {
    if (state === 'Gone') return this.#modelmesh.remove(name);
    const serves = state === 'Loaded' || state === 'Standby';
    const usual = serves ? 'loaded' : state === 'FailedToLoad' ? 'failing' : 'loading';
    await this.#modelmesh.set(name, { state: this.#faults.get(name) ?? usual });
  }
}
