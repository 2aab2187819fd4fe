import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { sourcesOf } from './build.ts';

/**
 * The CustomResourceDefinitions that a component of the stack comes with, each as a JSON text.
 * @throws Error when there is none: the component was not built.
 */
export function readComponentCrds(name: string): string[] {
  const folder = sourcesOf(name);
  const crds = globSync(join(folder, '**/*.yaml'))
    .sort()
    .flatMap((file) => parseAllDocuments(readFileSync(file, 'utf8')))
    .map((document) => document.toJS() as { readonly kind?: string } | null)
    .filter((object) => object?.kind === 'CustomResourceDefinition')
    .map((object) => JSON.stringify(object));
  if (crds.length === 0) throw new Error(`there is none in ${folder}: npm run stack:build makes them`);
  return crds;
}
