/**
 * An installation that comes and goes beside models that are mirrored, on a real API server: Helm's own, and that of a file. Both leave
 * nothing behind, and touch nothing of a model.
 */
import { writeFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { isMap } from '../../src/core/input/plain-value.ts';
import type { Files } from '../core/render/memory-tree.ts';
import { renderObjects, toModelText } from '../core/render/memory-tree.ts';
import { chart, helm, renderChart } from './helm.ts';
import type { Built } from './kustomize.ts';
import { toLabel } from './kustomize.ts';
import type { RealApi } from './real-api.ts';

const repo = 'https://git.example.com/ml/deployments';
const everything = {
  watcher: { repo, argocdRefresh: { enabled: true } },
  mirrorGateway: { authorization: { enabled: true } },
  comparer: { enabled: true, authorization: { enabled: true } },
  egressGatewayLimits: { enabled: true },
  monitoring: { monitors: { enabled: true }, rules: { enabled: true }, dashboard: { enabled: true } },
};
/** What docs/install.md removes first: the comparer. */
const withoutComparer = { ...everything, comparer: { enabled: false } };
const words = ['model-mirror', '-n', 'model-mirror'];

/** @param mirrorPercentage 0 is the brake, the first step of a removal. */
function renderModel(mirrorPercentage: number): Built[] {
  const analysis = 'analysis: {checks: [errors: {rate: 1%}]}';
  const files: Files = {
    'policy.yaml': `apiVersion: model-mirror.dev/v1alpha1\nkind: MirrorPolicy\nmetadata: {name: all}\nspec: {gate: None, mirrorPercentage: ${mirrorPercentage}, ${analysis}}\n`,
    'wisdom/model.yaml': toModelText('wisdom', 'models'),
  };
  return renderObjects(files) as unknown as Built[];
}

/** The first step: with the brake nothing is copied or sampled, and requests go to the primary as before. */
export function findOpenMirrors(): string[] {
  const [open, closed] = [renderModel(100), renderModel(0)];
  const mirrors = (objects: readonly Built[]) => objects.filter(hasMirror).map(toLabel);
  const served = (objects: readonly Built[]) => objects.filter(({ kind }) => kind === 'InferenceService');
  return [
    ...(mirrors(open).length > 0 ? [] : ['no mirror is open before it']),
    ...mirrors(closed).map((label) => `${label} still mirrors`),
    ...(isDeepStrictEqual(served(open), served(closed)) ? [] : ['an InferenceService changes']),
  ];
}

function hasMirror(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasMirror);
  return isMap(value) && Object.entries(value).some(([key, inner]) => /^mirrors?$/.test(key) || hasMirror(inner));
}

/** @param folder for the kubeconfig. */
export async function findRemains(api: RealApi, folder: string): Promise<string[]> {
  const kubeconfig = `${folder}/kubeconfig`;
  writeFileSync(kubeconfig, api.kubeconfig(), { mode: 0o600 });
  const models = renderModel(0);
  for (const object of models) await api.apply(object);
  const before = await look(api, models);
  const install = (verb: string, values: object, ...flags: readonly string[]) => {
    writeFileSync(`${folder}/values.yaml`, JSON.stringify(values));
    return helm(
      [verb, ...words.slice(0, 1), chart, ...words.slice(1), '-f', `${folder}/values.yaml`, ...flags],
      kubeconfig,
    );
  };
  const troubles: string[] = [];
  const expect = async (when: string, present: readonly Built[], absent: readonly Built[]) => {
    for (const object of present)
      if ((await api.read(object)) === undefined) troubles.push(`${when}: ${toLabel(object)} is not there`);
    for (const object of absent)
      if ((await api.read(object)) !== undefined) troubles.push(`${when}: ${toLabel(object)} is there`);
    const after = await look(api, models);
    if (!isDeepStrictEqual(after, before)) troubles.push(`${when}: a model's objects are others`);
  };
  const whole = renderChart(everything);
  const parts = renderChart(withoutComparer);
  const labels = new Set(parts.map(toLabel));
  const comparer = whole.filter((object) => !labels.has(toLabel(object)));
  if (comparer.length < 10) troubles.push('there is no comparer to be removed');

  const notes = install('install', everything);
  if (!notes.includes('create secret generic model-mirror-git')) troubles.push(`Helm's notes name no Secret: ${notes}`);
  await expect('installed', whole, []);
  install('upgrade', withoutComparer);
  await expect('without the comparer', parts, comparer);
  helm(['uninstall', ...words], kubeconfig);
  await expect('uninstalled', [], whole);
  const secrets = await api.list('/api/v1/namespaces/model-mirror/secrets');
  troubles.push(...secrets.map((secret) => `uninstalled: ${toLabel({ ...secret, kind: 'Secret' })} is there`));

  for (const object of whole) await api.apply(object);
  await expect('applied', whole, []);
  install('install', everything, '--take-ownership');
  helm(['uninstall', ...words], kubeconfig);
  await expect('taken over by Helm, and uninstalled', [], whole);
  for (const object of whole) await api.apply(object);
  for (const object of whole) await api.remove(object);
  await expect('deleted', [], whole);
  for (const object of models) await api.remove(object);
  return troubles;
}

/** Their identity and state: whatever writes to one changes its resourceVersion. */
async function look(api: RealApi, objects: readonly Built[]): Promise<unknown[]> {
  return Promise.all(objects.map(async (object) => (await api.read(object))?.metadata));
}
