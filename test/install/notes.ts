/** What Helm prints after an installation in another namespace: a policy, which must lead copies and samples there. */
import { writeFileSync } from 'node:fs';
import { valueAt } from '../../src/core/input/plain-value.ts';
import { renderObjects, toModelText } from '../core/render/memory-tree.ts';
import { chart, helm } from './helm.ts';
import type { RealApi } from './real-api.ts';

const namespace = 'ml-tools';
const values = { watcher: { repo: 'https://git.example.com/ml/deployments' }, comparer: { enabled: true } };
const own = `apiVersion: model-mirror.dev/v1alpha1
kind: MirrorPolicy
metadata: {name: wisdom}
spec: {gate: None, analysis: {checks: [errors: {rate: 1%}]}}
`;

/** @param folder for the kubeconfig. @returns where copies or samples go instead. */
export function findLostCopies(api: RealApi, folder: string): string[] {
  const files = { kubeconfig: `${folder}/notes-kubeconfig`, values: `${folder}/notes-values.yaml` };
  writeFileSync(files.kubeconfig, api.kubeconfig(), { mode: 0o600 });
  writeFileSync(files.values, JSON.stringify(values));
  const words = ['install', 'it', chart, '-n', namespace, '-f', files.values, '--dry-run=client'];
  const notes = helm(words, files.kubeconfig).split('\nNOTES:\n')[1] ?? '';
  const policy = `${/^apiVersion: .*\n(?:.+\n)+/m.exec(notes)?.[0]}`;
  const objects = renderObjects({
    'policy.yaml': policy,
    'wisdom/policy.yaml': own,
    'wisdom/model.yaml': toModelText('wisdom', 'models'),
  });
  const routeOf = (name: string) =>
    objects.find(({ kind, metadata }) => kind === 'VirtualService' && metadata.name === name);
  const mirrors = valueAt(routeOf('wisdom'), ['spec', 'http', 0, 'mirrors']) as readonly unknown[];
  const found = {
    hosts: mirrors.map((mirror) => valueAt(mirror, ['destination'])),
    gateways: valueAt(routeOf('wisdom-mirror'), ['spec', 'gateways']),
  };
  const wanted = {
    hosts: [
      { host: `model-mirror-gateway.${namespace}.svc.cluster.local`, port: { number: 443 } },
      { host: `model-mirror-comparer.${namespace}.svc.cluster.local`, port: { number: 80 } },
    ],
    gateways: [`${namespace}/model-mirror-gateway`],
  };
  return JSON.stringify(found) === JSON.stringify(wanted) ? [] : [`${JSON.stringify(found)}, by ${notes}`];
}
