/** A repository and a cluster in memory, for use cases: files change, Argo CD applies them, KServe loads versions. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { StatusPorts } from '../../src/commands/status.ts';
import { safe } from '../../src/core/diagnostics/safe-text.ts';
import type { Live } from '../../src/core/observe/live-object.ts';
import { toLiveRoute, toLiveService } from '../../src/core/observe/live-object.ts';
import type { PathNames } from '../../src/core/repository/find-model.ts';
import type { Files } from '../core/render/memory-tree.ts';
import { renderObjects, toMemoryTree } from '../core/render/memory-tree.ts';
import { ManualClock } from '../watch/manual-clock.ts';

/** One model whose candidate is Loading. */
export const model = 'q-candidate-not-ready';
export const folder = `models/${model}`;

export const names: PathNames = { toShownPath: () => safe`shown`, toInnerPaths: (typed) => [typed] };

export class MemoryWorld {
  files: Files;
  /** Thrown by the next reads. */
  fault: Error | undefined;
  readonly clock = new ManualClock();
  #applied: readonly object[] = [];
  readonly #statuses = new Map<string, object>();

  /** @param fixture below `fixtures/status`. */
  constructor(fixture = 'wait-timed-out-json') {
    const input = join(import.meta.dirname, '../../fixtures/status', fixture, 'input');
    const found = readdirSync(input, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile());
    const paths = found.map((entry) => join(entry.parentPath, entry.name));
    this.files = Object.fromEntries(paths.map((path) => [relative(input, path), readFileSync(path, 'utf8')]));
  }

  readonly readFiles: StatusPorts['readFiles'] = async () => {
    if (this.fault !== undefined) throw this.fault;
    return { tree: toMemoryTree(this.files), revision: undefined, ahead: undefined };
  };

  readonly listLive: NonNullable<StatusPorts['listLive']> = async (namespaces) =>
    this.#applied.flatMap((object): Live[] => {
      const { kind, metadata } = object as { kind: string; metadata: { name: string; namespace: string } };
      if (!namespaces.includes(metadata.namespace)) return [];
      if (kind === 'VirtualService') return [toLiveRoute(object)];
      const status = this.#statuses.get(metadata.name);
      return kind === 'InferenceService' ? [toLiveService({ ...object, ...(status && { status }) })] : [];
    });

  /** @param file in the model's folder. */
  change(file: string, from: string, to: string): void {
    const path = `${folder}/${file}`;
    const text = this.files[path] ?? '';
    if (!text.includes(from)) throw new Error(`${path} does not have ${from}`);
    this.files = { ...this.files, [path]: text.replace(from, to) };
  }

  /** As Argo CD does: what is no longer rendered is deleted. */
  apply(): void {
    this.#applied = renderObjects(this.files).map((object) => {
      const { name } = object.metadata;
      return { ...object, metadata: { ...object.metadata, uid: name, generation: 1, resourceVersion: '1' } };
    });
  }

  /** As Argo CD does without pruning. */
  applyBeside(): void {
    const before = this.#applied;
    this.apply();
    const isNew = (one: object) => !this.#applied.some((other) => toId(other) === toId(one));
    this.#applied = [...this.#applied, ...before.filter(isNew)];
  }

  /** As KServe does. */
  setStatus(service: string, status: object): void {
    this.#statuses.set(service, status);
  }
}

function toId(object: object): string {
  const { kind, metadata } = object as { kind: string; metadata: { name: string } };
  return `${kind}/${metadata.name}`;
}
