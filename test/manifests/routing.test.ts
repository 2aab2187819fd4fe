import { Gateway } from '@kubernetes-models/istio/networking.istio.io/v1/Gateway';
import { ServiceEntry } from '@kubernetes-models/istio/networking.istio.io/v1/ServiceEntry';
import { VirtualService } from '@kubernetes-models/istio/networking.istio.io/v1/VirtualService';
import test from 'ava';
import { findRenderedObjects } from '../goldens/rendered-objects.ts';

const models = { Gateway, ServiceEntry, VirtualService };

test("every rendered object of Istio passes the schema of Istio's own CustomResourceDefinitions", async (t) => {
  const found = findRenderedObjects(Object.keys(models));
  t.true(found.length > 300);
  for (const { golden, object } of found) {
    const Kind = models[object.kind as keyof typeof models];
    await t.notThrowsAsync(
      async () => new Kind(object as never).validate(),
      `${golden}: ${object.kind} ${object.metadata.name}`,
    );
  }
  await t.throwsAsync(
    async () => new VirtualService({ spec: { hosts: 'one' } } as never).validate(),
    undefined,
    'it can fail',
  );
});

interface Route {
  readonly mirror?: { readonly host: string };
  readonly mirrorPercentage?: { readonly value: number };
  readonly retries?: { readonly attempts: number };
  readonly timeout?: string;
  readonly headers: { readonly request: { readonly remove: readonly string[] } };
  readonly route: readonly {
    readonly destination: { readonly host: string };
    readonly headers: { readonly request: { readonly set: Readonly<Record<string, string>> } };
  }[];
}

const virtualServices = findRenderedObjects(['VirtualService']).map(({ golden, object }) => ({
  golden,
  name: object.metadata.name,
  spec: object.spec as { gateways: string[]; hosts: string[]; http: [Route] },
}));

test('both hops set the id of one version and remove what a client may have sent', (t) => {
  t.true(virtualServices.length > 100);
  for (const { golden, spec } of virtualServices) {
    t.is(spec.http.length, 1, golden);
    const [route] = spec.http;
    t.deepEqual(route.headers.request.remove, ['mm-model-id', 'mm-model-id-bin'], golden);
    t.is(route.route.length, 1, golden);
    t.deepEqual(Object.keys(route.route[0]?.headers.request.set ?? {}), ['mm-vmodel-id'], golden);
  }
});

test('the second hop never mirrors, never retries, always ends, and knows every host with its shadow', (t) => {
  const second = virtualServices.filter(({ spec }) => !spec.gateways.includes('mesh'));
  t.true(second.length > 50);
  for (const { golden, name, spec } of second) {
    const [route] = spec.http;
    t.is(route.mirror, undefined, golden);
    t.deepEqual(route.retries, { attempts: 0 }, golden);
    t.regex(route.timeout ?? '', /^\d/, golden);
    const first = virtualServices.find((other) => other.golden === golden && `${other.name}-mirror` === name);
    t.deepEqual(
      spec.hosts,
      first?.spec.hosts.flatMap((host) => [host, `${host}-shadow`]),
      golden,
    );
    t.is(first?.spec.gateways.includes(spec.gateways[0] ?? ''), false, golden);
  }
});
