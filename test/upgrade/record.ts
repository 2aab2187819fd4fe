/**
 * `node test/upgrade/record.ts PROGRAM`: records what a release rendered of the golden cases that it can read, for the test of
 * upgrades. PROGRAM is `dist/model-mirror.cjs` of that release, built from its tag.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parse, parseDocument } from 'yaml';
import { findGoldenCases, type GoldenCase } from '../goldens/golden-case.ts';
import { findMirrored, findServices, type Recorded, readFolder, releases } from './recorded.ts';

const program = resolve(process.argv[2] ?? '');
const { stdout: version } = spawnSync(process.execPath, [program, '--version'], { encoding: 'utf8' });

interface Run {
  readonly words?: readonly string[];
  readonly directory?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly repository?: boolean;
}

/** @returns undefined when that release refuses the files. */
function render(files: Readonly<Record<string, string>>, run: Run): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'model-mirror-record-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    const words = [...(run.words ?? ['render'])];
    const isRooted = words.includes('--repo-root') || run.environment?.['ARGOCD_APP_SOURCE_PATH'] !== undefined;
    if (!isRooted && run.repository !== false) words.push('--repo-root', '.');
    const { status, stdout } = spawnSync(process.execPath, [program, ...words], {
      cwd: join(folder, run.directory ?? '.'),
      encoding: 'utf8',
      env: { ...run.environment },
    });
    return status === 0 ? stdout : undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * As the watcher of 0.1.0 wrote it; later releases read that form too.
 *
 * @returns undefined for a model that is not rendered, such as one that is not selected.
 */
function toStatus(model: string, services: readonly string[], namespaceOfAll: string): string | undefined {
  const { errors } = parseDocument(model);
  if (errors.length > 0) return undefined;
  const { metadata } = parse(model) as { metadata: { name: string; namespace?: string } };
  const [primary, candidate] = services
    .map(
      (text) =>
        parse(text).metadata as { name: string; labels: Record<string, string>; annotations: Record<string, string> },
    )
    .filter(({ labels }) => labels['app.kubernetes.io/name'] === metadata.name)
    .map(
      ({ name, labels, annotations }) =>
        `{name: ${JSON.stringify(name)}, version: ${JSON.stringify(labels['app.kubernetes.io/version'])}, ` +
        `digest: ${JSON.stringify(annotations['model-mirror.dev/digest'])}, state: Ready}`,
    );
  if (primary === undefined) return undefined;
  return `apiVersion: model-mirror.dev/v1alpha1
kind: ModelStatus
metadata: {name: ${metadata.name}, namespace: ${metadata.namespace ?? namespaceOfAll}}
status:
  primary: ${primary}
${candidate === undefined ? '' : `  candidate: ${candidate}\n`}`;
}

function record({ folder }: GoldenCase): Recorded | undefined {
  const input = readFolder(join(folder, 'input'));
  const runFile = join(folder, 'run.json');
  const text = existsSync(runFile) ? readFileSync(runFile, 'utf8') : undefined;
  const run = JSON.parse(text ?? '{}') as Run;
  if (input === undefined || (run.words ?? ['render'])[0] !== 'render' || run.words?.includes('json')) return undefined;
  const services = findServices(render(input, run) ?? '');
  if (services.length === 0) return undefined;
  const { metadata } = parse(services[0] ?? '') as { metadata: { namespace: string } };
  const cluster = run.words?.[run.words.indexOf('--cluster') + 1];
  const name = run.words?.includes('--cluster') ? `status.${cluster}.yaml` : 'status.yaml';
  const files = { ...input };
  for (const [path, model] of Object.entries(input).filter(([file]) => /(^|\/|\.)model\.yaml$/.test(file))) {
    const status = toStatus(model, services, metadata.namespace);
    if (status !== undefined) files[path.replace(/model\.yaml$/, name)] = status;
  }
  const settled = render(files, run);
  if (settled === undefined) throw new Error(`${folder}: refused with its own status files`);
  return { files, ...(text && { run: text }), services: findServices(settled), mirrored: findMirrored(settled) };
}

// What a later release refuses is not upgraded as it is.
const cases = findGoldenCases().filter(({ name }) => !name.startsWith('problems/'));
const recorded = cases.flatMap((golden) => {
  const found = record(golden);
  return found === undefined ? [] : [[golden.name, found] as const];
});
mkdirSync(releases, { recursive: true });
writeFileSync(join(releases, `${version.trim()}.json`), `${JSON.stringify(Object.fromEntries(recorded), null, 1)}\n`);
const open = recorded.filter(([, { mirrored }]) => Object.values(mirrored).some((percentage) => percentage > 0)).length;
process.stderr.write(`${recorded.length} cases of ${version.trim()} recorded, ${open} of them with an open mirror\n`);
