/** Writes rendered objects to a folder, one file per object. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fault, toReason } from '../../core/diagnostics/fault.ts';
import { compareText } from '../../core/diagnostics/problem.ts';
import { mask, safe } from '../../core/diagnostics/safe-text.ts';

export interface OutputFile {
  readonly name: string;
  readonly text: string;
}

/** Names of the files that were written and removed. */
export interface OutputReport {
  readonly written: readonly string[];
  readonly removed: readonly string[];
}

/** `virtualservice_modelmesh-serving_wisdom.yaml`: no name in Kubernetes has an underscore. */
export function toOutputName(kind: string, namespace: string, name: string, ending: string): string {
  return `${kind.toLowerCase()}_${namespace}_${name}.${ending}`;
}

const outputName = /^[a-z]+_[^_]+_[^_]+\.(yaml|json)$/;
const ownLabel = /"?app\.kubernetes\.io\/managed-by"?: ?"?model-mirror"?[\s,}]/;

/**
 * Writes files that differ, and removes files of earlier runs that are no longer rendered: only those with such a name
 * and with an object that has model-mirror's label.
 *
 * @param complete whether these are all files; if they are a selection, nothing is removed.
 */
export function writeOutputFolder(folder: string, files: readonly OutputFile[], complete: boolean): OutputReport {
  const written: string[] = [];
  const removed: string[] = [];
  try {
    mkdirSync(folder, { recursive: true });
    const entries = readdirSync(folder, { withFileTypes: true });
    const present = new Set(entries.filter((entry) => entry.isFile()).map((entry) => entry.name));
    for (const { name, text } of files) {
      const path = join(folder, name);
      if (present.delete(name) && readFileSync(path, 'utf8') === text) continue;
      const unfinished = join(folder, `.${name}.unfinished`);
      writeFileSync(unfinished, text);
      renameSync(unfinished, path);
      written.push(name);
    }
    for (const name of complete ? [...present].sort(compareText) : []) {
      const path = join(folder, name);
      if (!outputName.test(name) || !ownLabel.test(readFileSync(path, 'utf8'))) continue;
      rmSync(path);
      removed.push(name);
    }
  } catch (error) {
    throw new Fault(
      'environment',
      safe`${mask(folder)}: ${toReason(error)}`,
      safe`name a folder that can be written to`,
      {
        cause: error,
      },
    );
  }
  return { written, removed };
}
