/** What a list that the API server does not give means. */
import test from 'ava';
import { mask } from '../../../src/core/diagnostics/safe-text.ts';
import { createClusterReader } from '../../../src/io/kubernetes/cluster-reader.ts';
import { ApiTrouble } from '../../../src/io/kubernetes/kubernetes-api.ts';

const services = { groupVersion: 'v1', plural: 'services', kind: 'Service' };
const routes = { groupVersion: 'networking.istio.io/v1', plural: 'virtualservices', kind: 'VirtualService' };

const list = (resource: typeof services, status: number) =>
  createClusterReader({ request: () => Promise.reject(new ApiTrouble(mask(`answers ${status}`), status)) }).list(
    { resource, namespace: undefined },
    new AbortController().signal,
  );

test('a kind that is not installed or may not be listed is evidence', async (t) => {
  t.like(await list(routes, 404), { objects: [], failure: { code: 'not-installed' } });
  for (const resource of [routes, services])
    t.like(await list(resource, 403), { objects: [], failure: { code: 'refused' } });
});

test('what has no Services is not the Kubernetes API', async (t) => {
  await t.throwsAsync(list(services, 404), { name: 'Fault' });
  await t.throwsAsync(list(routes, 500), { name: 'Fault' });
});
