import test from 'ava';
import fc from 'fast-check';
import { istio } from '../../../src/core/routing/istio/istio.ts';
import { routers } from '../../../src/core/routing/routers.ts';
import type { Backend, Traffic } from '../../../src/core/routing/traffic.ts';
import { anyCharacter } from '../../any-character.ts';
import { times } from '../../thorough.ts';
import { percentage } from '../render/arbitraries.ts';

const label = fc.stringMatching(/^[a-z]([-a-z0-9]{0,8}[a-z0-9])?$/);
const host = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
const port = fc.integer({ min: 1, max: 65_535 });
const duration = fc.constantFrom('1ms', '500ms', '2s', '1m30s', '0.5h');
const header = fc.stringMatching(/^[a-z]([-a-z]{0,8}[a-z])?$/);
const texts = fc.dictionary(header, fc.string(), { maxKeys: 3, noNullPrototype: true });
const optional: { requiredKeys: [] } = { requiredKeys: [] };

const condition = fc
  .record({ path: fc.string(), contentType: fc.string() }, optional)
  .filter((only) => Object.keys(only).length > 0);

const backend: fc.Arbitrary<Backend> = fc
  .tuple(
    fc.record({
      version: label,
      host,
      port,
      setHeaders: texts,
      removeHeaders: fc.array(header, { maxLength: 3 }),
    }),
    fc.record({ rewrite: fc.record({ match: fc.string(), to: fc.string() }), only: condition }, optional),
  )
  .map(([required, rest]) => ({ ...required, ...rest }));
const backends = fc.array(backend, { minLength: 1, maxLength: 3 });

/** Backends of one host, some of whose ports speak HTTP/2. */
const candidates = fc
  .tuple(backends, host, fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }))
  .map(([list, host, isHttp2]) => ({
    candidate: list.map((one) => ({ ...one, host })),
    http2Ports: [...new Set(list.map(({ port }) => port))].filter((_, i) => isHttp2[i]),
  }));

/** Of a model without a candidate, with one that is not mirrored to, and with an open mirror, with or without a sample. */
const traffic: fc.Arbitrary<Traffic> = fc
  .tuple(
    fc.record({
      model: label,
      namespace: label,
      folder: fc.oneof(
        fc.constant('.'),
        host.map((name) => name.replaceAll('.', '/')),
      ),
      policyRoot: fc.constantFrom('.', 'teams', 'teams/a'),
      hosts: fc.uniqueArray(host, { minLength: 1, maxLength: 4 }),
    }),
    fc.record(
      {
        entry: fc.record({
          hosts: fc.uniqueArray(host, { minLength: 1, maxLength: 4 }),
          ports: fc.uniqueArray(port, { minLength: 1, maxLength: 3 }),
          podLabels: texts,
        }),
      },
      optional,
    ),
    fc.record({ gateway: label, primary: backends }),
    fc.record({ timeout: duration }, optional),
    fc.record({ host, port, percentage }),
    fc.record(
      {
        sample: fc.record(
          { host, port, task: fc.string({ unit: anyCharacter }), version: fc.string({ unit: anyCharacter }) },
          { requiredKeys: ['host', 'port', 'task'] },
        ),
      },
      optional,
    ),
    fc.record(
      {
        copies: fc
          .tuple(
            fc.record({ gateway: label, maxInFlight: fc.integer({ min: 1, max: 1000 }), timeout: duration }),
            candidates,
          )
          .map(([required, list]) => ({ ...required, ...list })),
      },
      optional,
    ),
  )
  .map(([model, entry, requests, limits, mirror, { sample }, copies]) => ({
    ...model,
    ...entry,
    requests: {
      ...requests,
      ...limits,
      ...(copies.copies === undefined || mirror.percentage === 0
        ? {}
        : { mirror, ...(sample && { sample: { ...sample, percentage: toPart(mirror.percentage) } }) }),
    },
    ...copies,
  }));

/** Half of a percentage, with at most four decimals. */
function toPart(whole: number): number {
  return Math.ceil(whole * 5000) / 10_000;
}

test('both hops and an open mirror are among the traffic that is rendered and read', (t) => {
  const some = fc.sample(traffic, { numRuns: 200, seed: 1 });
  t.true(some.some(({ copies }) => copies === undefined));
  t.true(some.some(({ requests, copies }) => copies !== undefined && requests.mirror === undefined));
  t.true(some.some(({ requests }) => !Number.isInteger(requests.mirror?.percentage ?? 0)));
  t.true(some.some(({ requests, copies }) => requests.primary[0]?.rewrite && copies?.candidate[0]?.rewrite));
  t.true(
    some.some(({ requests }) => requests.primary.every(({ only }) => only)),
    'others go to the last',
  );
  t.true(some.some(({ requests }) => requests.primary.some(({ only }) => only?.path && only.contentType)));
  t.true(some.some(({ copies }) => copies?.http2Ports.length === 1 && copies.candidate.length > 1));
  t.true(some.some(({ entry }) => entry === undefined));
  t.true(some.some(({ requests }) => requests.mirror !== undefined && requests.sample === undefined));
  t.true(some.some(({ requests }) => (requests.sample?.percentage ?? 100) < (requests.mirror?.percentage ?? 0)));
});

for (const router of routers) {
  test(`${router.name}: what is rendered of traffic is read as the same traffic, whatever the order of the objects`, (t) => {
    fc.assert(
      fc.property(traffic, fc.boolean(), (wanted, isReversed) => {
        const manifests = router.render(wanted).map(({ manifest }) => manifest);
        t.deepEqual(router.read(isReversed ? manifests.toReversed() : manifests), wanted);
      }),
      { numRuns: times(500, 40) },
    );
  });

  test(`${router.name}: traffic survives the text of its objects, as Argo CD and the cluster pass it on`, (t) => {
    fc.assert(
      fc.property(traffic, (wanted) => {
        const manifests = router.render(wanted).map(({ manifest }) => manifest);
        t.deepEqual(router.read(JSON.parse(JSON.stringify(manifests)) as unknown[]), wanted);
      }),
    );
  });

  test(`${router.name}: reading fails at no object, whatever it holds`, (t) => {
    const broken = fc.tuple(traffic, fc.nat(), fc.anything()).map(([wanted, at, value]) => {
      const http = [
        [],
        [0],
        [1],
        [0, 'mirror'],
        [0, 'mirrors'],
        [0, 'mirrors', 1],
        [0, 'mirrors', 1, 'destination'],
        [0, 'match'],
        [0, 'match', 0, 'uri'],
        [1, 'route'],
      ];
      const paths = [['spec'], ...http.map((path) => ['spec', 'http', ...path]), ['spec', 'ports'], ['metadata']];
      const objects = JSON.parse(JSON.stringify(router.render(wanted).map(({ manifest }) => manifest))) as unknown[];
      for (const object of objects) put(object, paths[at % paths.length] ?? [], value);
      return objects;
    });
    fc.assert(
      fc.property(fc.oneof(fc.array(fc.anything()), broken), (objects) => {
        t.notThrows(() => router.read(objects));
      }),
    );
  });
}

test('a mirror without a share copies all, and one without a destination none', (t) => {
  const percentageOf = (route: object) =>
    istio.read([{ metadata: { name: 'wisdom' }, spec: { http: [route] } }]).requests?.mirror?.percentage;
  const mirror = { host: 'gateway', port: { number: 80 } };
  t.is(percentageOf({ mirror }), 100);
  t.is(percentageOf({ mirror, mirrorPercentage: { value: 0.00004 } }), undefined);
  t.is(percentageOf({ mirror, mirrorPercentage: { value: 33.333349 } }), 33.3333);
  t.is(percentageOf({ mirror, mirrorPercentage: { value: 200 } }), 100);
  t.is(percentageOf({ mirror, mirrorPercentage: {} }), undefined);
  t.is(percentageOf({ mirrorPercentage: { value: 20 } }), undefined);
});

test('a mirror that is open on any route is open, by the largest share of all', (t) => {
  const to = (value: number, host = 'gateway') => ({
    mirror: { host, port: { number: 443 } },
    mirrorPercentage: { value },
  });
  const mirrorOf = (...http: object[]) =>
    istio.read([{ metadata: { name: 'wisdom' }, spec: { http } }]).requests?.mirror;
  t.deepEqual(mirrorOf(to(5), to(40, 'other'), {}), { host: 'other', port: 443, percentage: 40 });
  t.is(mirrorOf({}, {}, to(1))?.percentage, 1, 'also where requests go that no backend is for');
  t.is(mirrorOf({}, to(0)), undefined);
});

const task = { name: 'wisdom', annotations: { 'model-mirror.dev/analysis': 'a task' } };
const copiesTo = (host: string, value?: number) => ({
  destination: { host, port: { number: 443 } },
  ...(value === undefined ? {} : { percentage: { value } }),
});
const readMirrors = (metadata: object, ...http: object[]) => {
  const { mirror, sample } = istio.read([{ metadata, spec: { http } }]).requests ?? {};
  return [mirror?.host, mirror?.percentage, sample?.host, sample?.percentage];
};

test('of two mirrors the second is the sample, where the routes have a task', (t) => {
  const two = { mirrors: [copiesTo('gateway', 20), copiesTo('comparer', 1)] };
  t.deepEqual(readMirrors(task, two), ['gateway', 20, 'comparer', 1]);
  t.deepEqual(readMirrors({ name: 'wisdom' }, two), ['gateway', 20, undefined, undefined]);
});

test('a copy that somebody else has added shows, however it is written', (t) => {
  const ours = { mirrors: [copiesTo('gateway', 20), copiesTo('comparer', 1)] };
  const third = { mirrors: [...ours.mirrors, copiesTo('elsewhere', 50)] };
  t.deepEqual(readMirrors(task, third), ['elsewhere', 50, 'comparer', 1]);
  t.deepEqual(readMirrors({}, { mirrors: [copiesTo('elsewhere')] }), ['elsewhere', 100, undefined, undefined]);
  t.deepEqual(readMirrors({}, { mirrors: [copiesTo('a', 0), copiesTo('b', 2)] }), ['b', 2, undefined, undefined]);
  t.deepEqual(readMirrors(task, ours, {}, { mirrors: [copiesTo('elsewhere', 70)] }), ['elsewhere', 70, 'comparer', 1]);
  t.deepEqual(
    readMirrors({}, { mirror: { host: 'gateway' }, mirrorPercentage: { value: 5 }, mirrors: [copiesTo('b', 6)] }),
    ['b', 6, undefined, undefined],
    'where the webhook is away, both fields can be there',
  );
  t.deepEqual(readMirrors(task, { mirrors: [copiesTo('gateway', 0), copiesTo('comparer', 0)] }), [
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test('copies that somebody has added beside larger ones of ours are strays', (t) => {
  const strays = (metadata: object, ...http: object[]) => istio.read([{ metadata, spec: { http } }]).strays;
  const ours = { mirror: { host: 'gateway', port: { number: 443 } }, mirrorPercentage: { value: 50 } };
  const ourTwo = { mirrors: [copiesTo('gateway', 50), copiesTo('comparer', 1)] };
  const theirs = (percentage: number, host = 'elsewhere') => [{ host, port: 443, percentage }];
  t.deepEqual(strays({}, { ...ours, mirrors: [copiesTo('elsewhere', 10)] }), theirs(10));
  t.deepEqual(strays({}, ours, { mirrors: [copiesTo('elsewhere', 10)] }), theirs(10), 'of another route');
  t.deepEqual(strays({}, { mirrors: [copiesTo('elsewhere', 50), copiesTo('gateway', 50)] }), theirs(50, 'gateway'));
  t.deepEqual(strays({}, { ...ours, mirrors: [copiesTo('gateway', 50)] }), theirs(50, 'gateway'), 'each copy twice');
  t.deepEqual(strays(task, { mirrors: [...ourTwo.mirrors, copiesTo('elsewhere', 10)] }), theirs(10));
  t.deepEqual(strays(task, ourTwo, { mirrors: [copiesTo('gateway', 50), copiesTo('a', 0.5)] }), theirs(0.5, 'a'));
  t.deepEqual(strays({ name: 'wisdom' }, ourTwo), theirs(1, 'comparer'), 'no task asks for samples');
  for (const http of [[ours], [ours, {}], [ours, ours], [{ ...ours, mirrors: [copiesTo('elsewhere', 0)] }]])
    t.is(strays({}, ...http), undefined);
  for (const http of [[ourTwo], [ourTwo, ourTwo, {}]]) t.is(strays(task, ...http), undefined);
});

function put(object: unknown, path: readonly (string | number)[], value: unknown): void {
  let at = object as Record<string | number, unknown>;
  for (const key of path.slice(0, -1)) {
    if (typeof at[key] !== 'object' || at[key] === null) return;
    at = at[key] as Record<string | number, unknown>;
  }
  const last = path.at(-1);
  if (last !== undefined) at[last] = value;
}
