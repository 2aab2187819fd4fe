/**
 * What releases rendered, kept in `fixtures/recordings/releases`: an upgrade changes no InferenceService, because in Standard
 * mode KServe restarts the Pods of one that changes, and in ModelMesh its model is loaded again.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parse } from 'yaml';
import { fixtures, type GoldenCase, readExpected } from '../goldens/golden-case.ts';

export const releases = join(fixtures, 'recordings/releases');
/** Digests of what the goldens' inputs rendered first; `npm run goldens` adds to it. */
export const firstRendered = join(releases, 'first-rendered.json');

/** What one release rendered of one input. */
export interface Recorded {
  /** What goes in, with status files as that release's watcher writes them: everything is Ready. */
  readonly files: Readonly<Record<string, string>>;
  /** `run.json` of the golden case, if it has one. */
  readonly run?: string;
  /** Each InferenceService, as its bytes. */
  readonly services: readonly string[];
  /** In percent, of every VirtualService that mirrors. */
  readonly mirrored: Readonly<Record<string, number>>;
}

interface Rendered {
  /** Of all that goes in. */
  readonly input: string;
  /** Of all InferenceServices, as their bytes. */
  readonly services: string;
}

export type FirstRendered = Readonly<Record<string, Rendered>>;

/** The InferenceServices of a stream of documents, or of JSON objects one per line. */
export function findServices(text: string): string[] {
  const isJson = text.startsWith('{');
  const mark = isJson ? '"kind":"InferenceService"' : '\nkind: InferenceService\n';
  return text.split(isJson ? /(?<=\n)/ : /^---\n/m).filter((document) => document.includes(mark));
}

/** How much each VirtualService of a stream of YAML documents mirrors, in percent. */
export function findMirrored(text: string): Record<string, number> {
  const found: Record<string, number> = {};
  for (const document of text.split(/^---\n/m).filter((one) => one.includes('\nkind: VirtualService\n'))) {
    const { metadata, spec } = parse(document) as {
      metadata: { name: string; namespace: string };
      spec: { http: { mirrorPercentage?: { value: number } }[] };
    };
    for (const { mirrorPercentage } of spec.http)
      if (mirrorPercentage !== undefined) found[`${metadata.namespace}/${metadata.name}`] = mirrorPercentage.value;
  }
  return found;
}

/** Every file below a folder, by its path; undefined: some are links. */
export function readFolder(folder: string): Record<string, string> | undefined {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  if (entries.some((entry) => entry.isSymbolicLink())) return undefined;
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  return Object.fromEntries(files.sort().map((file) => [relative(folder, file), readFileSync(file, 'utf8')]));
}

/** What the golden cases render now that have InferenceServices. */
export function toRendered(cases: readonly GoldenCase[]): FirstRendered {
  const found: Record<string, Rendered> = {};
  for (const golden of cases) {
    const services = findServices(readExpected(golden).get('stdout.txt') ?? '');
    if (services.length > 0) found[golden.name] = { input: toInputDigest(golden), services: toDigest(services) };
  }
  return found;
}

/**
 * Adds what is new, and forgets what is gone. A case whose input stays keeps its digest, whatever it renders now.
 *
 * @returns also the cases that render something else from the same input.
 */
export function addRendered(before: FirstRendered, now: FirstRendered): { all: FirstRendered; changed: string[] } {
  const isSame = (name: string) => before[name]?.input === now[name]?.input;
  const all = Object.entries(now).map(([name, rendered]) => [name, (isSame(name) && before[name]) || rendered]);
  const changed = Object.keys(now).filter((name) => isSame(name) && before[name]?.services !== now[name]?.services);
  return { all: Object.fromEntries(all), changed };
}

export function readFirstRendered(): FirstRendered {
  return JSON.parse(readFileSync(firstRendered, 'utf8')) as FirstRendered;
}

function toInputDigest({ folder }: GoldenCase): string {
  const run = join(folder, 'run.json');
  const entries = readdirSync(join(folder, 'input'), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const texts = [...files, ...(existsSync(run) ? [run] : [])].sort();
  return toDigest(texts.flatMap((file) => [relative(folder, file), readFileSync(file, 'utf8')]));
}

function toDigest(texts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(texts)).digest('hex').slice(0, 32);
}
