import test from 'ava';
import fc from 'fast-check';
import { parsePolicy } from '../../../src/core/input/parse-document.ts';
import type { PolicyFile } from '../../../src/core/rollout/effective-policy.ts';
import { computeEffectivePolicy } from '../../../src/core/rollout/effective-policy.ts';
import { checkSupport } from '../../../src/core/rollout/router-choice.ts';

/** JSON is YAML. Each top-level field of the spec is on a line of its own: line 5, 6 and so on. */
function toPolicy(path: string, spec: object): PolicyFile {
  const fields = Object.entries(spec).map(([name, value]) => `  ${name}: ${JSON.stringify(value)}\n`);
  const text = `apiVersion: model-mirror.dev/v1alpha1\nkind: MirrorPolicy\nmetadata: {name: a}\nspec:\n${fields.join('')}`;
  const source = { path, text };
  const { value, problems } = parsePolicy(source);
  if (value === undefined) throw new Error(JSON.stringify(problems));
  return { source, policy: value };
}

const found = (levels: readonly (readonly PolicyFile[])[], isWhole = true) =>
  computeEffectivePolicy(levels, isWhole).problems.map(({ code, severity, file, line, field }) => [
    code,
    severity,
    file as string,
    line,
    field as string,
  ]);

test('without policies, the defaults of docs/reference.md hold', (t) => {
  const { policy, problems } = computeEffectivePolicy([]);
  t.deepEqual(problems, []);
  t.like(policy, {
    root: '.',
    isWhole: true,
    mirrorPercentage: 100,
    gate: 'Status',
    hosts: [],
    clusterDomain: 'cluster.local',
    // Those of the serving mode.
    service: { host: undefined, port: undefined },
    serving: { allowRawDeployment: false },
    timeout: undefined,
    mirrorTimeout: '2s',
    gateway: { name: 'mm-gateway', create: true, port: 80, selector: { istio: 'ingressgateway' } },
    storageUriPrefixes: [],
    patches: [],
  });
  t.is(policy.settings.size, 0);
});

/** Settings of a few fields that do not depend on each other. */
const specs = fc.record(
  {
    mirrorPercentage: fc.integer({ min: 0, max: 100 }),
    gate: fc.constantFrom('Status', 'None'),
    routing: fc.record(
      {
        timeout: fc.constantFrom('1s', '2s', '30s'),
        hosts: fc.subarray(['a.example.com', 'b.example.com']),
        service: fc.record({ port: fc.integer({ min: 1, max: 9 }) }, { requiredKeys: [] }),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
);

type Spec = {
  mirrorPercentage?: number;
  gate?: string;
  routing?: { timeout?: string; hosts?: string[]; service?: { port?: number } };
};

test('the nearest policy that sets a field wins, field by field', (t) => {
  fc.assert(
    fc.property(fc.array(specs, { maxLength: 4 }), (list: readonly Spec[]) => {
      const levels = list.map((spec, i) => [toPolicy(`${i}/policy.yaml`, spec)]);
      const { policy } = computeEffectivePolicy(levels);
      const expected = {
        percentage: 100,
        gate: 'Status',
        timeout: undefined as string | undefined,
        port: undefined as number | undefined,
      };
      let hosts: readonly string[] = [];
      for (const { mirrorPercentage, gate, routing } of list) {
        if (mirrorPercentage !== undefined) expected.percentage = mirrorPercentage;
        if (gate !== undefined) expected.gate = gate;
        if (routing?.timeout !== undefined) expected.timeout = routing.timeout;
        if (routing?.hosts !== undefined) hosts = routing.hosts;
        if (routing?.service?.port !== undefined) expected.port = routing.service.port;
      }
      t.deepEqual(
        {
          percentage: policy.mirrorPercentage,
          gate: policy.gate as string,
          timeout: policy.timeout,
          port: policy.service.port,
        },
        expected,
      );
      t.deepEqual(policy.hosts, hosts);
    }),
  );
});

test('every field knows all values that policies set, and the file of the last one', (t) => {
  const outer = toPolicy('policy.yaml', { mirrorPercentage: 5, gate: 'None' });
  const inner = toPolicy('a/policy.yaml', { mirrorPercentage: 20 });
  const { policy } = computeEffectivePolicy([[outer], [inner]]);
  const settings = policy.settings.get('mirrorPercentage') ?? [];
  t.deepEqual(
    settings.map(({ value, origin }) => [value, origin.source.path]),
    [
      [5, 'policy.yaml'],
      [20, 'a/policy.yaml'],
    ],
  );
  t.is(policy.origins.get('mirrorPercentage')?.source.path, 'a/policy.yaml');
  t.is(policy.origins.get('gate')?.source.path, 'policy.yaml');
  t.is(policy.origins.get('routing.timeout'), undefined);
});

test('two policies of one folder must not set the same field', (t) => {
  const levels = [
    [toPolicy('a.policy.yaml', { gate: 'None', mirrorPercentage: 5 }), toPolicy('b.policy.yaml', { gate: 'None' })],
  ];
  t.deepEqual(found(levels), [['policy-conflict', 'error', 'b.policy.yaml', 5, 'spec.gate']]);
});

test('two policies of one folder may both tighten limits', (t) => {
  const levels = [
    [
      toPolicy('a.policy.yaml', { limits: { maxMirrorPercentage: 20 }, mirrorPercentage: 10 }),
      toPolicy('b.policy.yaml', { limits: { maxMirrorPercentage: 10 } }),
    ],
  ];
  t.deepEqual(found(levels), []);
});

test('a percentage is over the limit exactly when it is above the smallest one, whatever its level', (t) => {
  const limits = fc.array(fc.option(fc.integer({ min: 0, max: 100 }), { nil: undefined }), {
    minLength: 1,
    maxLength: 4,
  });
  fc.assert(
    fc.property(limits, fc.integer({ min: 0, max: 100 }), fc.nat(), (list, percentage, at) => {
      const levels = list.map((limit, i) => [
        toPolicy(`${i}/policy.yaml`, {
          ...(i === at % list.length ? { mirrorPercentage: percentage } : {}),
          ...(limit === undefined ? {} : { limits: { maxMirrorPercentage: limit } }),
        }),
      ]);
      const isOver = list.some((limit) => limit !== undefined && percentage > limit);
      const file = `${at % list.length}/policy.yaml`;
      t.deepEqual(found(levels), isOver ? [['over-limit', 'error', file, 5, 'spec.mirrorPercentage']] : []);
    }),
  );
});

test('the default of 100 is over a limit too, and the limit is the place', (t) => {
  const levels = [[toPolicy('policy.yaml', { limits: { maxMirrorPercentage: 20 } })]];
  t.deepEqual(found(levels), [['over-limit', 'error', 'policy.yaml', 5, 'spec.limits.maxMirrorPercentage']]);
  // A policy that cannot be read may set the percentage.
  t.deepEqual(found(levels, false), []);
});

test('prefixes of all levels hold, each list with its file', (t) => {
  const levels = [
    [toPolicy('policy.yaml', { limits: { storageUriPrefixes: ['s3://models'] } })],
    [toPolicy('a/policy.yaml', { limits: { storageUriPrefixes: ['s3://models/a', 'gs://a'] } })],
  ];
  const { policy } = computeEffectivePolicy(levels);
  t.deepEqual(
    policy.storageUriPrefixes.map(({ prefixes, origin }) => [origin.source.path, prefixes]),
    [
      ['policy.yaml', ['s3://models']],
      ['a/policy.yaml', ['s3://models/a', 'gs://a']],
    ],
  );
});

test('patches run from the outermost policy to the nearest, in the order of each file', (t) => {
  const patch = (name: string) => ({
    target: { kind: 'InferenceService' },
    patch: [{ op: 'add', path: `/metadata/labels/${name}`, value: 'x' }],
  });
  const levels = [
    [toPolicy('policy.yaml', { patches: [patch('one'), patch('two')] })],
    [toPolicy('a/policy.yaml', { patches: [patch('three')] })],
  ];
  const { patches } = computeEffectivePolicy(levels).policy;
  t.deepEqual(
    patches.map(({ patch: { patch: operations }, origin }) => [
      operations[0]?.path,
      origin.source.path,
      ...origin.path,
    ]),
    [
      ['/metadata/labels/one', 'policy.yaml', 'spec', 'patches', 0],
      ['/metadata/labels/two', 'policy.yaml', 'spec', 'patches', 1],
      ['/metadata/labels/three', 'a/policy.yaml', 'spec', 'patches', 0],
    ],
  );
});

test('what a router cannot do is a problem where a policy sets it', (t) => {
  const { policy } = computeEffectivePolicy([[toPolicy('policy.yaml', { routing: { timeout: '1s' } })]]);
  const problems = checkSupport({ name: 'Other', unsupported: ['routing.timeout', 'routing.hosts'] }, policy.origins);
  t.deepEqual(
    problems.map(({ code, field }) => `${code} ${field}`),
    ['invalid-value spec.routing.timeout'],
  );
});
