/** The real kustomize, on folders. */
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { stackFolder } from '../stack/build.ts';

/** An object as it would be applied. */
export interface Built {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

interface Kustomization {
  /** From the folder that was searched. */
  readonly folder: string;
  readonly kind: 'Kustomization' | 'Component';
}

const program = join(stackFolder, 'kustomize');

/** Every kustomization below a folder. @throws Error when there is none. */
export function findKustomizations(root: string): Kustomization[] {
  const files = globSync('**/kustomization.yaml', { cwd: root }).sort();
  if (files.length === 0) throw new Error(`there is no kustomization below ${root}`);
  return files.map((file) => {
    const { kind } = parse(readFileSync(join(root, file), 'utf8')) as Pick<Kustomization, 'kind'>;
    return { folder: dirname(file), kind };
  });
}

/** @throws Error with what kustomize says, or when what it gives is not objects. */
export function build(folder: string): Built[] {
  if (!existsSync(program)) throw new Error(`there is no ${program}: npm run stack:build makes it`);
  const output = execFileSync(program, ['build', folder], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  return readObjects(output);
}

/** @throws Error when there is none, or something else. */
export function readObjects(output: string): Built[] {
  // As the API server reads YAML; a document with comments alone is none.
  const objects = parseAllDocuments(output, { version: '1.1' })
    .map((document) => document.toJS() as Built | null)
    .filter((object) => object !== null);
  if (objects.length === 0) throw new Error('nothing is built');
  for (const { apiVersion, kind, metadata } of objects)
    if (!apiVersion || !kind || !metadata?.name) throw new Error(`this is not an object: ${output.slice(0, 300)}`);
  return objects;
}

export function toLabel({ kind, metadata }: Built): string {
  return `${kind} ${metadata.namespace === undefined ? '' : `${metadata.namespace}/`}${metadata.name}`;
}
