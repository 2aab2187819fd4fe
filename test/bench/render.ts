/**
 * How long rendering takes beside bare Node, helm and kustomize: `npm run bench`. helm renders an equal
 * chart (one values file, the same objects), kustomize the same objects from one file.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { parse, parseAllDocuments } from 'yaml';
import { writeChart } from './chart.ts';
import type { Case } from './race.ts';
import { race, say } from './race.ts';

const root = join(import.meta.dirname, '../..');
const { generate } = (
  parse(readFileSync(join(root, 'plugin.yaml'), 'utf8')) as { spec: { generate: { command: string[] } } }
).spec;
/** As plugin.yaml starts it. */
const program = [process.execPath, ...generate.command.slice(1), join(root, 'dist/model-mirror.cjs')];

const folder = mkdtempSync(join(tmpdir(), 'model-mirror-bench-'));
try {
  for (const models of [1, 1000, 10_000]) writeModels(join(folder, String(models)), models);
  const helm = has('helm', 'version');
  const kustomize = has('kustomize', 'version');
  if (helm) checkEqual(helmCase(1), render('model-mirror', 1, 'yaml'));

  race('One model, cold', 40, [
    { name: 'node -e 0', command: [process.execPath, '-e', '0'] },
    render('model-mirror, JSON', 1, 'json'),
    render('model-mirror, YAML', 1, 'yaml'),
    ...(helm ? [helmCase(1)] : []),
    ...(kustomize ? [kustomizeCase(1)] : []),
  ]);
  const [fewer, more] = [1000, 10_000].map((models) =>
    race(`${models} models, one folder each, each with a candidate and its status`, models === 1000 ? 5 : 3, [
      ...(helm ? [helmCase(models)] : []),
      ...(kustomize && models === 1000 ? [kustomizeCase(models)] : []),
      render('model-mirror, JSON', models, 'json'),
      render('model-mirror, YAML', models, 'yaml'),
    ]),
  );
  for (const [name, seconds] of more ?? []) {
    const smaller = fewer?.get(name);
    if (smaller !== undefined) say(`  ${name}: ${(seconds / smaller).toFixed(1)} times as long as 1000 models`);
  }
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
