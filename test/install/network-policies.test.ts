import test from 'ava';
import { isMap, valueAt } from '../../src/core/input/plain-value.ts';
import type { Built } from './kustomize.ts';
import { readRendered } from './rendered.ts';

interface Pod {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

const watcher: Pod = { namespace: 'model-mirror', labels: { 'app.kubernetes.io/name': 'model-mirror-watcher' } };
const comparer: Pod = { namespace: 'models', labels: { 'app.kubernetes.io/name': 'model-mirror-comparer' } };
const prometheus: Pod = { namespace: 'monitoring', labels: { 'app.kubernetes.io/name': 'prometheus' } };
const stranger: Pod = { namespace: 'models', labels: { app: 'other' } };

for (const rendering of ['cluster', 'namespaced'] as const) {
  const policy = (name: string) => readRendered(rendering, name).find(({ kind }) => kind === 'NetworkPolicy') as Built;
  const out = (to: Pod, port: number) => admits(policy('model-mirror-watcher'), 'egress', to, port);
  const into = (from: Pod, port: number) => admits(policy('model-mirror-comparer'), 'ingress', from, port);

  test(`${rendering}: the watcher reaches the counts of comparers, in any namespace`, (t) => {
    t.true(out(comparer, 8081));
    t.true(into(watcher, 8081));
  });

  test(`${rendering}: neither policy admits more`, (t) => {
    t.false(out(stranger, 8081));
    t.false(out(comparer, 8080));
    t.false(into(stranger, 8081));
    t.false(into(watcher, 8080));
    t.true(into(prometheus, 8081));
  });

  // OpenShift's DNS listens there, and a policy sees the Pod's port.
  test(`${rendering}: the watcher reaches DNS, the API server and git`, (t) => {
    for (const port of [53, 5353, 443, 6443]) t.true(out(stranger, port), `${port}`);
  });
}

/** Whether a rule of the policy admits a Pod at a port of TCP, as Kubernetes defines NetworkPolicies. */
function admits(policy: Built, way: 'ingress' | 'egress', pod: Pod, port: number): boolean {
  return listAt(policy, ['spec', way]).some((rule) => {
    const peers = valueAt(rule, [way === 'ingress' ? 'from' : 'to']);
    return (
      listAt(rule, ['ports']).some((one) => valueAt(one, ['protocol']) === 'TCP' && valueAt(one, ['port']) === port) &&
      (!Array.isArray(peers) || peers.some((peer) => isPeer(peer, pod)))
    );
  });
}

/** A peer of Pods alone, none of addresses. Namespaces have their name as a label. */
function isPeer(peer: unknown, { namespace, labels }: Pod): boolean {
  if (valueAt(peer, ['ipBlock']) !== undefined) return false;
  const place = { 'kubernetes.io/metadata.name': namespace };
  return selects(valueAt(peer, ['namespaceSelector']), place) && selects(valueAt(peer, ['podSelector']) ?? {}, labels);
}

function selects(selector: unknown, labels: Readonly<Record<string, string>>): boolean {
  const wanted = valueAt(selector, ['matchLabels']) ?? {};
  return (
    isMap(selector) &&
    isMap(wanted) &&
    Object.entries(wanted).every(([key, value]) => labels[key] === value) &&
    listAt(selector, ['matchExpressions']).every((one) => {
      const value = labels[`${valueAt(one, ['key'])}`];
      return valueAt(one, ['operator']) === 'In' && listAt(one, ['values']).includes(value);
    })
  );
}

function listAt(value: unknown, path: readonly string[]): readonly unknown[] {
  const list = valueAt(value, path);
  return Array.isArray(list) ? list : [];
}
