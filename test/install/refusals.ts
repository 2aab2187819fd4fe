/** Values that the chart must refuse, each with a part of the sentence that says why. */
import type { Values } from './helm.ts';
import { renderChart } from './helm.ts';

const repo = 'https://git.example.com/ml/deployments';
const watcher = (more: Values): Values => ({ watcher: { repo, ...more } });
const beside = (more: Values): Values => ({ watcher: { repo }, ...more });

const refused: readonly (readonly [why: string, values: Values, namespace?: string])[] = [
  ['watcher.repo is missing: set it to the address of the repository', {}],
  ["at '/watcher': additional properties 'rep' not allowed", { watcher: { rep: repo } }],
  ["at '': additional properties 'compare' not allowed", beside({ compare: { enabled: true } })],
  ["additional properties 'enable' not allowed", beside({ monitoring: { dashboard: { enable: true } } })],
  // As with --reuse-values, where the release is of a chart that did not have the value yet.
  ["at '/watcher': missing property 'networkPolicy'", watcher({ networkPolicy: null })],
  ["at '/istio': missing property 'rootNamespace'", beside({ istio: { rootNamespace: null } })],
  ["at '/watcher/repo'", { watcher: { repo: 'git.example.com:ml/deployments' } }],
  ['watcher.repo holds credentials', { watcher: { repo: 'https://me:secret@git.example.com/x' } }],
  ['watcher.repo holds credentials', { watcher: { repo: 'ssh://git:secret@git.example.com/x' } }],
  ['watcher.repo and watcher.existingConfigMap are both set', watcher({ existingConfigMap: 'mine' })],
  ['httpProxy holds credentials', watcher({ proxy: { httpsProxy: 'http://me:secret@proxy.example.com:3128' } })],
  [
    'watcher.env has the value of MODEL_MIRROR_GIT_TOKEN',
    watcher({ env: [{ name: 'MODEL_MIRROR_GIT_TOKEN', value: 'secret@' }] }),
  ],
  [
    'watcher.env has credentials in the address of HTTPS_PROXY',
    watcher({ env: [{ name: 'HTTPS_PROXY', value: 'http://me:secret@proxy.example.com:3128' }] }),
  ],
  [
    'watcher.extraArgs has credentials in an address',
    watcher({ extraArgs: ['--notify-url=https://me:secret@hooks.example.com'] }),
  ],
  [
    'watcher.path or watcher.cluster is set beside watcher.existingConfigMap',
    watcher({ repo: '', existingConfigMap: 'mine', path: 'models' }),
  ],
  ['watcher.notifyUrl holds credentials', watcher({ notifyUrl: 'https://me:secret@hooks.example.com' })],
  ['watcher.ca.configMap and watcher.ca.secret are both set', watcher({ ca: { configMap: 'a', secret: 'b' } })],
  [
    'watcher.notifyUrl and watcher.notifyUrlSecret.name are both set',
    watcher({ notifyUrl: 'https://hooks.example.com/x', notifyUrlSecret: { name: 'a' } }),
  ],
  ["at '/watcher/watchNamespaces'", watcher({ watchNamespaces: 'models' })],
  ["at '/watcher/watchNamespaces/0'", watcher({ watchNamespaces: ['Models'] })],
  ["at '/watcher/argocdRefresh/namespaces'", watcher({ argocdRefresh: { enabled: true, namespaces: [] } })],
  ["at '/watcher/networkPolicy/egressPorts/0'", watcher({ networkPolicy: { egressPorts: [70_000] } })],
  ["at '/watcher/networkPolicy/from/0'", watcher({ networkPolicy: { from: [{ podselector: {} }] } })],
  ["at '/watcher/page'", watcher({ page: 'yes' })],
  ["at '/watcher/git/existingSecret'", watcher({ git: { existingSecret: 'A Secret' } })],
  ['watcher.git.existingSecret is empty', watcher({ git: { existingSecret: '' } })],
  ["at '/watcher/extraVolumeMounts/0'", watcher({ extraVolumeMounts: [{ name: 'git' }] })],
  ["at '/watcher/env/0'", watcher({ env: [{ value: 'x' }] })],
  ["at '/watcher/resources'", watcher({ resources: { limit: { memory: '1Gi' } } })],
  ["at '/image/repository'", beside({ image: { repository: 'images.example.com/ml/model-mirror:0.1' } })],
  ["at '/image/digest'", beside({ image: { digest: 'sha256:abc' } })],
  ["at '/image/pullPolicy'", beside({ image: { pullPolicy: 'Sometimes' } })],
  ["at '/mirrorGateway/maxCopiesInFlight'", beside({ mirrorGateway: { maxCopiesInFlight: 0 } })],
  [
    'mirrorGateway.autoscaling.minReplicas is above maxReplicas',
    beside({ mirrorGateway: { autoscaling: { minReplicas: 9 } } }),
  ],
  [
    'mirrorGateway.clearText and mirrorGateway.authorization.enabled are both true',
    beside({ mirrorGateway: { clearText: true, authorization: { enabled: true } } }),
  ],
  [
    'comparer.clearText and comparer.authorization.enabled are both true',
    beside({ comparer: { enabled: true, clearText: true, authorization: { enabled: true } } }),
  ],
  [`the namespace ${'n'.repeat(43)} is too long`, beside({}), 'n'.repeat(43)],
  [
    "at '/comparer/networkPolicy/clientCidrs/0'",
    beside({ comparer: { networkPolicy: { clientCidrs: ['10.0.0.1'] } } }),
  ],
];

/** Those that are rendered, or refused with another sentence, or with one that shows a password. */
export function findAccepted(): string[] {
  return refused.flatMap(([why, values, namespace]) => {
    try {
      renderChart(values, namespace);
    } catch (error) {
      const { message } = error as Error;
      return message.includes(why) && !message.includes('secret@') ? [] : [`"${why}" is not in: ${message}`];
    }
    return [`rendered: ${JSON.stringify(values)}`];
  });
}
