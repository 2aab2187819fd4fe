import type { Counts, ModelState } from './modelmesh.ts';

/** Steers a fake of ModelMesh that runs as a process of its own (`modelmesh-process.ts`). */
export class ModelMeshControl {
  readonly address: string;

  /** @param address `IP:PORT`, what the process was given as `--control`. */
  constructor(address: string) {
    this.address = address;
  }

  async report(): Promise<Counts> {
    return (await this.#ask('GET', '/counts')) as Counts;
  }

  async reset(): Promise<void> {
    await this.#ask('POST', '/reset');
  }

  async models(): Promise<Readonly<Record<string, ModelState>>> {
    return (await this.#ask('GET', '/models')) as Readonly<Record<string, ModelState>>;
  }

  async set(name: string, state: ModelState): Promise<void> {
    await this.#ask('PUT', `/models/${encodeURIComponent(name)}`, state);
  }

  async remove(name: string): Promise<void> {
    await this.#ask('DELETE', `/models/${encodeURIComponent(name)}`);
  }

  /** Throws on any answer that is not good. */
  async #ask(method: string, path: string, body?: object): Promise<unknown> {
    const content = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(`http://${this.address}${path}`, { method, ...content });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }
}
