/** What object storage has: folders of models by their URI, and models whose server does not come up. */
import type { Terminated } from './pod-status.ts';

/**
 * - `crash`: the server ends with exit code 1 as soon as it is started.
 * - `oom`: it is killed for its memory.
 * - `hang`: it runs and listens to nothing.
 */
export type Fault = 'crash' | 'oom' | 'hang';

const faults: readonly Fault[] = ['crash', 'oom', 'hang'];
const prefix = 's3://models/';
/** How long a download takes that fails, or succeeds: long enough to be seen. */
const downloadMs = 300;

export class ModelStore {
  readonly #folders = new Map<string, string>();

  /** @param path below `s3://models/`. @param folder with the files of the model. */
  put(path: string, folder: string): void {
    this.#folders.set(`${prefix}${path}`, folder);
  }

  remove(path: string): void {
    this.#folders.delete(`${prefix}${path}`);
  }

  /** `s3://models/crash`, and all below it; the others as well. */
  findFault(uri: string): Fault | undefined {
    return faults.find((fault) => `${uri}/`.startsWith(`${prefix}${fault}/`));
  }

  /** Undefined: there is none. */
  findFolder(uri: string): string | undefined {
    return this.#folders.get(uri);
  }

  /** As KServe's storage initializer ends (kserve 0.20.0, python/storage-initializer and kserve_storage). */
  async download(uri: string, target: string): Promise<Pick<Terminated, 'exitCode' | 'reason' | 'message'>> {
    await new Promise((resolve) => setTimeout(resolve, downloadMs));
    if (this.#folders.has(uri) || this.findFault(uri) !== undefined) return { exitCode: 0, reason: 'Completed' };
    const line = (place: string, level: string, text: string) =>
      `${new Date().toISOString().replace('T', ' ').slice(0, 23)} 1 storage.initializer ${level} [${place}] ${text}\n`;
    return {
      exitCode: 1,
      reason: 'Error',
      message: [
        line(
          'initializer-entrypoint:<module>():17',
          'INFO',
          `Initializing, args: (src_uri, dest_path): [('${uri}', '${target}')]`,
        ),
        line('kserve_storage.py:download():103', 'INFO', `Copying contents of ${uri} to local`),
        line(
          'initializer-entrypoint:<module>():29',
          'ERROR',
          `Storage initialization failed: Failed to fetch model. No model found in ${uri}.`,
        ),
      ].join(''),
    };
  }
}
