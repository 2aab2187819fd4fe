/** Ports that the watcher's NetworkPolicy must let it reach, by what the values name. */
import { valueAt } from '../../src/core/input/plain-value.ts';
import type { Values } from './helm.ts';
import { renderChart } from './helm.ts';

const repo = 'https://git.example.com/ml/deployments';

const cases: readonly (readonly [ports: readonly number[], watcher: Values])[] = [
  [[443, 6443], { repo }],
  [[443, 6443, 8443], { repo: 'https://git.example.com:8443/ml/deployments' }],
  [[443, 6443], { repo: 'https://git.example.com/a:80/b' }],
  [[443, 6443, 22], { repo: 'ssh://git@git.example.com/ml/deployments' }],
  [[443, 6443, 22], { repo: 'git@git.example.com:ml/deployments' }],
  [[443, 6443, 7999], { repo: 'ssh://git@git.example.com:7999/ml/deployments.git' }],
  [[443, 6443, 3128], { repo, proxy: { httpsProxy: 'http://proxy.example.com:3128' } }],
  [[443, 6443, 8080], { repo, proxy: { httpsProxy: 'http://proxy.example.com:8080/', httpProxy: 'http://p:8080' } }],
  [[443, 6443, 80], { repo, proxy: { httpsProxy: 'http://proxy.example.com' } }],
  [[443], { repo, networkPolicy: { egressPorts: [443] }, proxy: { httpsProxy: 'https://proxy.example.com:443' } }],
];

/** @returns what is not as it must be. */
export function findClosedPorts(): string[] {
  return cases.flatMap(([ports, watcher]) => {
    const policy = renderChart({ watcher }).find(
      ({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.name === 'model-mirror-watcher',
    );
    const rules = valueAt(policy, ['spec', 'egress']);
    const found = valueAt(Array.isArray(rules) ? rules.at(-1) : undefined, ['ports']);
    const wanted = ports.map((port) => ({ protocol: 'TCP', port }));
    return JSON.stringify(found) === JSON.stringify(wanted)
      ? []
      : [`${JSON.stringify(watcher)}: ${JSON.stringify(found)}`];
  });
}
