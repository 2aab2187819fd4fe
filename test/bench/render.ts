/**
 * How long rendering takes beside bare Node, helm and kustomize: `npm run bench`.
 *
 * Everything is run in turn, round by round, so that a busy moment of the machine hits all alike, and
 * said as a median and as a ratio to what ran beside it. helm renders an equal chart (one values file,
 * the same objects), kustomize the same objects from one file.
 */
import { type SpawnSyncOptionsWithStringEncoding, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { parse, parseAllDocuments } from 'yaml';
import { writeChart } from './chart.ts';

const root = join(import.meta.dirname, '../..');
const { generate } = (
  parse(readFileSync(join(root, 'plugin.yaml'), 'utf8')) as { spec: { generate: { command: string[] } } }
).spec;
/** As plugin.yaml starts it. */
const program = [process.execPath, ...generate.command.slice(1), join(root, 'dist/model-mirror.cjs')];

interface Case {
  readonly name: string;
  readonly command: readonly string[];
  /** Too slow to be run again and again: once must do. */
  readonly once?: boolean;
}

/** Longer than this nothing is waited for: kustomize's time grows with the square of the objects. */
const patience = 60_000;

interface Measured {
  readonly name: string;
  /** Seconds, one a round; empty when it was stopped. */
  readonly seconds: readonly number[];
  /** The largest resident set of all rounds, in MiB; undefined where /usr/bin/time is not there. */
  readonly peak: number | undefined;
}

const medians = new Map<string, number>();
const folder = mkdtempSync(join(tmpdir(), 'model-mirror-bench-'));
try {
  for (const models of [1, 1000, 10_000]) writeModels(join(folder, String(models)), models);
  const helm = has('helm', 'version');
  const kustomize = has('kustomize', 'version');
  if (helm) checkEqual(helmCase(1), render('model-mirror', 1, 'yaml'));

  show(
    'One model, cold',
    await measure(40, [
      { name: 'node -e 0', command: [process.execPath, '-e', '0'] },
      render('model-mirror, JSON', 1, 'json'),
      render('model-mirror, YAML', 1, 'yaml'),
      ...(helm ? [helmCase(1)] : []),
      ...(kustomize ? [kustomizeCase(1)] : []),
    ]),
  );
  for (const models of [1000, 10_000])
    show(
      `${models} models, one folder each, each with a candidate and its status`,
      await measure(models === 1000 ? 5 : 3, [
        ...(helm ? [helmCase(models)] : []),
        ...(kustomize && models === 1000 ? [kustomizeCase(models)] : []),
        render('model-mirror, JSON', models, 'json'),
        render('model-mirror, YAML', models, 'yaml'),
      ]),
    );
  if (!helm) say('helm is not on the PATH: go install helm.sh/helm/v3/cmd/helm@v3.22.0');
  if (!kustomize) say('kustomize is not on the PATH: go install sigs.k8s.io/kustomize/kustomize/v5@v5.8.0');
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function render(name: string, models: number, output: string): Case {
  const input = join(folder, String(models));
  return { name, command: [...program, 'render', input, '--repo-root', input, '--output', output] };
}

function helmCase(models: number): Case {
  return { name: 'helm template', command: ['helm', 'template', 'bench', join(folder, `${models}-chart`)] };
}

function kustomizeCase(models: number): Case {
  return {
    name: 'kustomize build',
    once: models > 1,
    command: ['kustomize', 'build', join(folder, `${models}-kustomization`)],
  };
}

/** A race between two that do not do the same says nothing. */
function checkEqual(...cases: readonly Case[]): void {
  const [first, ...others] = cases.map(({ command: [file = '', ...words] }) => {
    const text = spawnSync(file, words, { encoding: 'utf8' }).stdout;
    const objects = parseAllDocuments(text).flatMap((document) => (document.toJS() as object | null) ?? []);
    return objects.map((object) => toSortedText(object)).sort();
  });
  for (const other of others) if (!isDeepStrictEqual(first, other)) throw new Error('the chart renders other objects');
}

function toSortedText(value: unknown): string {
  return JSON.stringify(value, (_, inner) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

function has(command: string, word: string): boolean {
  return spawnSync(command, [word]).status === 0;
}

function show(title: string, cases: readonly Measured[]): void {
  const first = cases[0];
  if (first === undefined) return;
  const base = median(first.seconds);
  say('', title, `  ${'median'.padStart(30)}  ratio  ${'least'.padStart(9)}     peak`);
  for (const { name, seconds, peak } of cases) {
    if (seconds.length === 0) {
      say(`  ${name.padEnd(20)}  stopped after ${patience / 1000} s`);
      continue;
    }
    const middle = median(seconds);
    medians.set(`${title.split(',')[0]} ${name}`, middle);
    const columns = [
      name.padEnd(20),
      toText(middle).padStart(10),
      (middle / base).toFixed(2).padStart(5),
      toText(Math.min(...seconds)).padStart(9),
      peak === undefined ? '' : `${peak.toFixed(0).padStart(4)} MiB`,
    ];
    say(`  ${columns.join('  ')}`);
    const smaller = medians.get(`1000 models ${name}`);
    if (title.startsWith('10000') && smaller !== undefined)
      say(`  ${''.padEnd(20)}  ${(middle / smaller).toFixed(1)} times as long as 1000 models`);
  }
}

async function measure(rounds: number, cases: readonly Case[]): Promise<Measured[]> {
  const seconds = cases.map((): number[] => []);
  const peaks = cases.map((): number | undefined => undefined);
  const timer = existsSync('/usr/bin/time');
  const stopped = new Set<string>();
  // The first round warms the disk's cache and is not counted.
  for (let round = 0; round <= rounds; round++)
    for (const [i, { command, name, once }] of cases.entries()) {
      if (stopped.has(name) || (once && round !== 1)) continue;
      const [file = '', ...words] = command;
      const start = process.hrtime.bigint();
      const options: SpawnSyncOptionsWithStringEncoding = {
        stdio: ['ignore', 'ignore', 'pipe'],
        encoding: 'utf8',
        timeout: patience,
      };
      const { status, stderr, error } = spawnSync(file, words, options);
      const end = process.hrtime.bigint();
      if ((error as NodeJS.ErrnoException | undefined)?.code === 'ETIMEDOUT') {
        stopped.add(name);
        continue;
      }
      if (status !== 0) throw new Error(`${name} ended with ${status}: ${stderr}`);
      if (round > 0) seconds[i]?.push(Number(end - start) / 1e9);
      else if (timer) peaks[i] = measurePeak(command);
    }
  return cases.map(({ name }, i) => ({ name, seconds: seconds[i] ?? [], peak: peaks[i] }));
}

/** In MiB. In a run of its own: the timer is a process too. */
function measurePeak(command: readonly string[]): number {
  const { stderr } = spawnSync('/usr/bin/time', ['-f', '%M', ...command], {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  });
  return Number(stderr.trim().split('\n').at(-1)) / 1024;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

function toText(time: number): string {
  return time < 1 ? `${(time * 1000).toFixed(1)} ms` : `${time.toFixed(2)} s`;
}

function say(...lines: string[]): void {
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
}

function writeModels(into: string, models: number): void {
  const head = 'apiVersion: model-mirror.dev/v1alpha1\n';
  mkdirSync(into, { recursive: true });
  writeFileSync(
    join(into, 'policy.yaml'),
    `${head}kind: MirrorPolicy
metadata: {name: bench}
spec:
  mirrorPercentage: 20
  limits: {maxMirrorPercentage: 50, storageUriPrefixes: ["s3://models/"]}
`,
  );
  const names = Array.from({ length: models }, (_, i) => `model-${String(i).padStart(5, '0')}`);
  const file = (name: string) => join(into, 'models', name);
  for (const name of names) {
    mkdirSync(file(name), { recursive: true });
    writeFileSync(
      join(file(name), 'model.yaml'),
      `${head}kind: Model
metadata:
  name: ${name}
  namespace: modelmesh-serving
spec:
  template: # what both versions share
    metadata:
      annotations:
        serving.kserve.io/deploymentMode: ModelMesh
        serving.kserve.io/secretKey: localMinIO
    spec:
      predictor:
        model:
          modelFormat: {name: sklearn}
  primary:
    version: v1
    storageUri: s3://models/${name}/v1.joblib
  candidate:
    version: v2
    storageUri: s3://models/${name}/v2.joblib
`,
    );
  }
  const rendered = spawnSync(
    process.execPath,
    [...program.slice(1), 'render', into, '--repo-root', into, '--output', 'json'],
    {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    },
  );
  const digests = new Map<string, string>();
  for (const line of rendered.stdout.trimEnd().split('\n')) {
    const { kind, metadata } = JSON.parse(line) as {
      kind: string;
      metadata: { name: string; annotations?: Record<string, string> };
    };
    if (kind === 'InferenceService')
      digests.set(metadata.name, metadata.annotations?.['model-mirror.dev/digest'] ?? '');
  }
  for (const name of names)
    writeFileSync(
      join(file(name), 'status.yaml'),
      `# Written by the model-mirror watcher. Do not edit.
${head}kind: ModelStatus
metadata: {name: ${name}, namespace: modelmesh-serving}
status:
  primary: {name: ${name}-0, version: v1, digest: "${digests.get(`${name}-0`)}", state: Ready}
  candidate: {name: ${name}-1, version: v2, digest: "${digests.get(`${name}-1`)}", state: Ready}
  mirror: {to: ${name}-1, percentage: 20}
`,
    );
  const objects = spawnSync(process.execPath, [...program.slice(1), 'render', into, '--repo-root', into], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  }).stdout;
  mkdirSync(`${into}-kustomization`);
  writeFileSync(join(`${into}-kustomization`, 'kustomization.yaml'), 'resources: [objects.yaml]\n');
  writeFileSync(join(`${into}-kustomization`, 'objects.yaml'), objects);
  writeChart(`${into}-chart`, names, digests);
}
