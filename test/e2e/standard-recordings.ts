/** What the real KServe and Kubernetes' controllers served, as files: the form of `fixtures/recordings`. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { changes } from './standard-changes.ts';
import type { Seen } from './standard-side.ts';

const folder = join(import.meta.dirname, '../../fixtures/standard-recordings');

/** By the name of the change; all that was recorded before is replaced. */
export function writeRecordings(recorded: ReadonlyMap<string, Seen>): void {
  const place = join(folder, 'events');
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place, { recursive: true });
  const rows = ['| recording | what happens | what a watcher sees of it, step by step |', '| --- | --- | --- |'];
  for (const { name, title } of changes) {
    const { events = [], states = [] } = recorded.get(name) ?? {};
    const documents = events.map(({ at, event, object }) => stringify({ at, event, object: prune(object) }));
    writeFileSync(join(place, `${name}.yaml`), `# ${title}\n${documents.join('---\n')}`);
    rows.push(`| ${name} | ${title} | ${states.map((step) => step.join(' → ')).join('; ')} |`);
  }
  writeFileSync(join(folder, 'states.md'), `${rows.join('\n')}\n`);
}

interface Served {
  readonly kind: string;
  readonly metadata: { readonly managedFields?: unknown };
  readonly spec?: { readonly template?: { readonly spec?: unknown } };
}

/** Without what nothing reads and most bytes are: who wrote which field, and how Pods are made. */
function prune(object: object): object {
  const { metadata, spec, ...more } = object as Served;
  const { managedFields: _, ...kept } = metadata;
  if (more.kind === 'Pod' || spec === undefined) return { ...more, metadata: kept };
  const { template, ...rest } = spec;
  const { spec: _spec, ...shown } = template ?? {};
  return { ...more, metadata: kept, spec: { ...rest, ...(template === undefined ? {} : { template: shown }) } };
}
