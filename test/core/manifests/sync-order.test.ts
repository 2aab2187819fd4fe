import test from 'ava';
import { checkSyncOrder } from '../../../src/core/manifests/sync-order.ts';

const options = 'argocd.argoproj.io/sync-options';

/** The annotations that make a sync wait, as Argo CD documents them. */
const refused: readonly (readonly [name: string, value: string])[] = [
  ['argocd.argoproj.io/sync-wave', '1'],
  ['argocd.argoproj.io/sync-wave', '0'],
  ['argocd.argoproj.io/hook', 'PreSync'],
  ['helm.sh/hook', 'pre-install'],
  ['helm.sh/hook-weight', '5'],
  [options, 'PruneLast=true'],
  [options, 'Validate=false,PruneLast=true'],
  [options, 'PruneLast=true, Replace=true'],
  [options, 'Prune=confirm'],
  [options, 'Delete=confirm'],
];

const allowed: readonly (readonly [name: string, value: string])[] = [
  [options, 'Prune=false'],
  [options, 'PruneLast=false'],
  [options, 'Validate=false'],
  [options, 'SkipDryRunOnMissingResource=true'],
  ['argocd.argoproj.io/compare-options', 'IgnoreExtraneous'],
  ['example.com/sync-wave', '1'],
];

const check = (annotations: Readonly<Record<string, string>>) =>
  checkSyncOrder({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'a', namespace: 'b', labels: {}, annotations },
    spec: {},
  }).map(({ code, path }) => [code, path]);

for (const [name, value] of refused)
  test(`refused: ${name}: ${value}`, (t) => {
    t.deepEqual(check({ [name]: value }), [['sync-order', ['metadata', 'annotations', name]]]);
  });

for (const [name, value] of allowed)
  test(`allowed: ${name}: ${value}`, (t) => {
    t.deepEqual(check({ [name]: value }), []);
  });

test('every annotation is reported', (t) => {
  const annotations = Object.fromEntries(refused);
  t.deepEqual(
    check(annotations)
      .map(([, path]) => path?.[2])
      .sort(),
    Object.keys(annotations).sort(),
  );
});
