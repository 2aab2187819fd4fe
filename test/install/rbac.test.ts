import test from 'ava';
import { valueAt } from '../../src/core/input/plain-value.ts';
import type { Built } from './kustomize.ts';
import type { Role } from './rbac.ts';
import { findExcessRights, findMissingRights } from './rbac.ts';
import { readRendered } from './rendered.ts';

const reading = { apiGroups: ['serving.kserve.io'], resources: ['inferenceservices'], verbs: ['get', 'list', 'watch'] };
const refreshing = { apiGroups: ['argoproj.io'], resources: ['applications'], verbs: ['patch'] };

const toRole = (rule: object, namespace?: string): Built => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: namespace === undefined ? 'ClusterRole' : 'Role',
  metadata: { name: 'it', ...(namespace === undefined ? {} : { namespace }) },
  rules: [rule],
});

const toBinding = (roleName: string, subject: object): Built => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name: 'it' },
  roleRef: { kind: 'ClusterRole', name: roleName },
  subjects: [subject],
});

const watcher = { kind: 'ServiceAccount', name: 'model-mirror-watcher', namespace: 'model-mirror' };

for (const [rendering, kind] of [
  ['cluster', 'ClusterRole'],
  ['namespaced', 'Role'],
] as const)
  test(`the watcher’s ${kind} gives what serving modes and routers watch, and no more`, (t) => {
    const roles = readRendered(rendering, 'model-mirror-watcher').filter(
      (object) => object.kind === kind && object.metadata.name === 'model-mirror-watcher',
    ) as Role[];
    t.is(roles.length, 1);
    for (const role of roles) {
      t.deepEqual(findMissingRights(role), []);
      t.deepEqual(findExcessRights([role]), []);
    }
  });

test('a role without one of the kinds is reported', (t) => {
  t.deepEqual(findMissingRights(toRole({ ...reading, resources: ['pods'] }) as Role).slice(0, 1), [
    'get serving.kserve.io/inferenceservices',
  ]);
});

test('to read the two kinds, and to patch Argo CD’s Applications, is fine', (t) => {
  const rights = [toRole(reading), toRole(reading, 'models'), toRole(refreshing, 'argocd'), toBinding('it', watcher)];
  t.deepEqual(findExcessRights(rights), []);
});

for (const [what, role, trouble] of [
  ['secrets', toRole({ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }), 'may get /secrets'],
  ['any verb', toRole({ ...reading, verbs: ['*'] }), 'may * serving.kserve.io/inferenceservices'],
  ['any resource', toRole({ ...reading, resources: ['*'], verbs: ['get'] }), 'may get serving.kserve.io/*'],
  ['any group', toRole({ ...reading, apiGroups: ['*'], verbs: ['get'] }), 'may get */inferenceservices'],
  ['to write', toRole({ ...reading, verbs: ['get', 'patch'] }), 'may patch serving.kserve.io/inferenceservices'],
  ['paths', toRole({ nonResourceURLs: ['/metrics'], verbs: ['get'] }), 'has a rule with nonResourceURLs'],
  ['Applications of all', toRole(refreshing), 'may patch argoproj.io/applications'],
] as const)
  test(`what a role gives is too much: ${what}`, (t) => {
    t.deepEqual(findExcessRights([role]), [`ClusterRole it ${trouble}`]);
  });

test('Applications of another namespace are too much', (t) => {
  t.deepEqual(findExcessRights([toRole(refreshing, 'models')]), ['Role models/it may patch argoproj.io/applications']);
});

test('rights that are taken in from other roles are too much', (t) => {
  const role = { ...toRole(reading), aggregationRule: { clusterRoleSelectors: [{}] } };
  t.deepEqual(findExcessRights([role]), ["ClusterRole it takes in other roles' rights"]);
});

test('a role of the cluster, and another subject, are too much', (t) => {
  const group = { kind: 'Group', name: 'system:authenticated' };
  t.deepEqual(findExcessRights([toBinding('cluster-admin', group)]), [
    'ClusterRoleBinding it gives the ClusterRole cluster-admin, which is not here',
    'ClusterRoleBinding it gives it to the Group system:authenticated',
  ]);
});

test('the comparer may read routes, and nothing else that the watcher reads', (t) => {
  const comparer = { ...watcher, name: 'model-mirror-comparer' };
  const routes = { ...reading, apiGroups: ['networking.istio.io'], resources: ['virtualservices'] };
  t.deepEqual(findExcessRights([toRole(routes), toBinding('it', comparer)]), []);
  t.deepEqual(findExcessRights([toRole(reading), toBinding('it', comparer)]), [
    'ClusterRoleBinding it gives it to the ServiceAccount model-mirror-comparer',
  ]);
});

test('a Pod has a token of the API if its account has rights, and only then', (t) => {
  for (const rendering of ['cluster', 'namespaced'] as const) {
    const objects = readRendered(rendering);
    const bindings = objects.filter(({ kind }) => /^(Cluster)?RoleBinding$/.test(kind));
    const named = bindings.flatMap((binding) =>
      (valueAt(binding, ['subjects']) as readonly { name: string }[]).map(({ name }) => name),
    );
    const deployments = objects.filter(({ kind }) => kind === 'Deployment');
    t.is(deployments.length, 3);
    for (const deployment of deployments) {
      const pod = valueAt(deployment, ['spec', 'template', 'spec']);
      const hasRights = named.includes(`${valueAt(pod, ['serviceAccountName'])}`);
      t.is(valueAt(pod, ['automountServiceAccountToken']), hasRights ? undefined : false, deployment.metadata.name);
    }
  }
});

test('the watcher looks for Applications where it may patch them', (t) => {
  const objects = readRendered('namespaced', 'model-mirror-watcher');
  const role = objects.find(({ kind, metadata }) => kind === 'Role' && /refresh/.test(metadata.name));
  const deployment = objects.find(({ kind }) => kind === 'Deployment');
  const [container] = valueAt(deployment, ['spec', 'template', 'spec', 'containers']) as readonly unknown[];
  const flags = valueAt(container, ['args']) as readonly string[];
  t.true(flags.includes(`--argocd-namespace=${role?.metadata.namespace}`), flags.join(' '));
});
