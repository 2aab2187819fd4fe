import test from 'ava';
import fc from 'fast-check';
import { parse } from 'yaml';
import { digestAnnotation } from '../../../src/core/manifests/manifest.ts';
import { toYamlText } from '../../../src/core/manifests/manifest-text.ts';
import { computeLoaded } from '../../../src/core/serving/digest.ts';
import { findMode } from '../../../src/core/serving/modes.ts';
import { anyCharacter } from '../../any-character.ts';
import { times } from '../../thorough.ts';
import { model, percentage, policy, state, type Writing, write, writing } from './arbitraries.ts';
import { type Files, render, renderObjects } from './memory-tree.ts';

const asWritten: Writing = { seed: 0, style: 'block', lineEnd: '\n', comments: false, quotes: false };
const toOutput = (files: Files) => render(files).objects.map(({ output }) => output);

fc.configureGlobal({ ...fc.readConfigureGlobal(), numRuns: times(100, 12) });

test('rendering twice gives the same bytes, and no valid input has a problem', (t) => {
  fc.assert(
    fc.property(model, policy, (someModel, somePolicy) => {
      const files = { 'model.yaml': write(someModel, asWritten), 'policy.yaml': write(somePolicy, asWritten) };
      const problems = render(files).problems.filter(
        ({ severity, code }) => `${severity} ${code}` !== 'warning unknown-field',
      );
      t.deepEqual(problems, []);
      t.true(toOutput(files).length >= 4);
      t.deepEqual(toOutput(files), toOutput(files));
    }),
  );
});

test('order of files and keys, style, line ends and comments change no byte', (t) => {
  fc.assert(
    fc.property(
      fc.array(model, { minLength: 1, maxLength: 4 }),
      policy,
      writing,
      fc.boolean(),
      (someModels, somePolicy, how, reversed) => {
        const documents = Object.entries({
          ...Object.fromEntries(someModels.map((someModel, i) => [`m${i}/model.yaml`, someModel])),
          // Hosts of a policy are one model's own.
          'm0/policy.yaml': somePolicy,
        });
        const plain = Object.fromEntries(documents.map(([path, document]) => [path, write(document, asWritten)]));
        const varied = (reversed ? documents.toReversed() : documents).map(([path, document]) => [
          path,
          write(document, how),
        ]);
        // By place they stand in another order: the places move.
        const codes = (files: Files) =>
          render(files)
            .problems.map(({ code, file }) => `${file} ${code}`)
            .sort();
        t.deepEqual(toOutput(Object.fromEntries(varied)), toOutput(plain));
        t.deepEqual(codes(Object.fromEntries(varied)), codes(plain));
      },
    ),
  );
});

test('a value that is set to itself changes no byte', (t) => {
  const defaults = {
    mirrorPercentage: 100,
    gate: 'Status',
    routing: {
      hosts: [],
      clusterDomain: 'cluster.local',
      gateway: { name: 'mm-gateway', create: true, namespaces: [], selector: { istio: 'ingressgateway' }, port: 80 },
      mirrorGateway: {
        name: 'model-mirror/model-mirror-gateway',
        create: false,
        namespaces: [],
        selector: { istio: 'model-mirror-gateway' },
        service: 'model-mirror-gateway.model-mirror.svc.cluster.local',
        tls: 'IstioMutual',
        port: 443,
      },
      mirrorTimeout: '2s',
      maxCopiesInFlight: 10,
    },
    limits: { maxMirrorPercentage: 100, storageUriPrefixes: ['s3://', 'gs://', 'https://'] },
    patches: [],
  };
  fc.assert(
    fc.property(model, fc.subarray(Object.entries(defaults)), (someModel, chosen) => {
      const { metadata, spec } = someModel as {
        metadata: { name: string };
        spec: { candidate?: object; primary: object };
      };
      const named = {
        ...someModel,
        spec: {
          ...spec,
          primary: { ...spec.primary, name: `${metadata.name}-0`, overrides: {} },
          ...(spec.candidate === undefined ? {} : { candidate: { ...spec.candidate, name: `${metadata.name}-1` } }),
        },
      };
      const spelled = {
        apiVersion: 'model-mirror.dev/v1alpha1',
        kind: 'MirrorPolicy',
        metadata: { name: 'defaults' },
        spec: Object.fromEntries(chosen),
      };
      t.deepEqual(
        toOutput({ 'model.yaml': write(named, asWritten), 'policy.yaml': write(spelled, asWritten) }),
        toOutput({ 'model.yaml': write(someModel, asWritten) }),
      );
    }),
  );
});

test('no status file and no percentage can make a render fail or change more than the one VirtualService', (t) => {
  const anyStatus = fc.oneof(
    fc.string({ unit: anyCharacter }),
    fc.json(),
    fc.record({ name: fc.string(), digest: fc.string(), state }).map((candidate) =>
      write(
        {
          apiVersion: 'model-mirror.dev/v1alpha1',
          kind: 'ModelStatus',
          metadata: { name: 'a', namespace: 'a' },
          status: { candidate },
        },
        asWritten,
      ),
    ),
  );
  fc.assert(
    fc.property(model, policy, anyStatus, percentage, (someModel, somePolicy, status, wanted) => {
      const files = { 'model.yaml': write(someModel, asWritten), 'policy.yaml': write(somePolicy, asWritten) };
      const braked = { ...somePolicy, spec: { ...(somePolicy['spec'] as object), mirrorPercentage: wanted } };
      const changed = render({ ...files, 'policy.yaml': write(braked, asWritten), 'status.yaml': status });
      t.deepEqual(
        changed.problems.filter(({ severity }) => severity === 'error'),
        [],
      );
      const name = (someModel['metadata'] as { name: string }).name;
      const others = ({ objects }: ReturnType<typeof render>) =>
        objects.filter((object) => object.kind !== 'VirtualService' || object.name !== name);
      t.deepEqual(others(changed), others(render(files)));
    }),
  );
});

test('the mirror is open exactly while the status says that this very candidate is Ready', (t) => {
  fc.assert(
    fc.property(
      model,
      percentage,
      state,
      fc.boolean(),
      fc.boolean(),
      fc.boolean(),
      (someModel, wanted, seen, sameName, sameDigest, hasLoaded) => {
        const { metadata, spec } = someModel as {
          metadata: { name: string; namespace: string };
          spec: { candidate?: object; template: { metadata: { annotations: Record<string, string> } } };
        };
        const mode = findMode(spec.template.metadata.annotations['serving.kserve.io/deploymentMode'] ?? '');
        if (mode === undefined) throw new Error('every model has a mode');
        const policyText = write(
          {
            apiVersion: 'model-mirror.dev/v1alpha1',
            kind: 'MirrorPolicy',
            metadata: { name: 'policy' },
            spec: { mirrorPercentage: wanted },
          },
          asWritten,
        );
        const files = { 'model.yaml': write(someModel, asWritten), 'policy.yaml': policyText };
        const name = `${metadata.name}-1`;
        const candidate = renderObjects(files).find((object) => object.metadata.name === name);
        const digest = candidate?.metadata.annotations?.[digestAnnotation] ?? '';
        const status = write(
          {
            apiVersion: 'model-mirror.dev/v1alpha1',
            kind: 'ModelStatus',
            metadata,
            status: {
              candidate: {
                name: sameName ? name : `${name}x`,
                digest: sameDigest ? digest : `${digest}x`,
                state: seen,
                ...(hasLoaded && { loaded: computeLoaded(candidate, mode) }),
              },
            },
          },
          asWritten,
        );
        const route = renderObjects({ ...files, 'status.yaml': status }).find(
          (object) => object.kind === 'VirtualService' && object.metadata.name === metadata.name,
        ) as unknown as {
          spec: { http: [{ mirrorPercentage?: { value: number }; mirror?: object; route: object[] }] };
        };
        const { mirror, mirrorPercentage, route: destinations } = route.spec.http[0];
        // What 0.1.0's watcher writes says nothing of pods.
        const isKnown = seen === 'Ready' && sameName && sameDigest && (hasLoaded || mode.name === 'ModelMesh');
        const open = spec.candidate !== undefined && wanted > 0 && isKnown;
        t.is(mirror !== undefined, open);
        t.is(mirrorPercentage?.value, open ? wanted : undefined);
        t.is(destinations.length, 1);
      },
    ),
  );
});

test('YAML and JSON say the same, to a reader of YAML 1.1 and of 1.2', (t) => {
  fc.assert(
    fc.property(model, (someModel) => {
      for (const object of renderObjects({ 'model.yaml': write(someModel, asWritten) })) {
        const text = toYamlText(object);
        t.deepEqual(parse(text), object);
        t.deepEqual(parse(text, { version: '1.1', merge: false }), object);
      }
    }),
  );
});

test('the digest follows the spec alone, whatever the order of its keys', (t) => {
  const digests = (files: Files) =>
    renderObjects(files)
      .filter(({ kind }) => kind === 'InferenceService')
      .map(({ metadata }) => metadata.annotations?.[digestAnnotation]);
  fc.assert(
    fc.property(model, writing, (someModel, how) => {
      const plain = digests({ 'model.yaml': write(someModel, asWritten) });
      t.deepEqual(digests({ 'model.yaml': write(someModel, how) }), plain);
      const { spec } = someModel as { spec: { primary: object; template: { metadata: { annotations: object } } } };
      const moved = { ...someModel, spec: { ...spec, primary: { ...spec.primary, storageUri: 's3://elsewhere' } } };
      t.not(digests({ 'model.yaml': write(moved, asWritten) })[0], plain[0]);
      t.is(digests({ 'model.yaml': write(moved, asWritten) })[1], plain[1]);
    }),
  );
});

test('no text makes the plugin throw, and every problem has its place in the text', (t) => {
  const anyText = fc.oneof(
    fc.string({ unit: anyCharacter }),
    fc.string({ unit: fc.constantFrom(...'[]{}:,&*!|>-? \n\t\'"#%@a1~<') }),
    fc.json(),
    fc.tuple(model, fc.nat(), fc.nat({ max: 20 }), fc.string({ maxLength: 5 })).map(([document, at, length, put]) => {
      const text = write(document, asWritten);
      const start = at % text.length;
      return text.slice(0, start) + put + text.slice(start + length);
    }),
  );
  fc.assert(
    fc.property(anyText, fc.constantFrom('model.yaml', 'policy.yaml', 'status.yaml'), (text, file) => {
      const { objects, problems } = render({ [file]: text });
      t.is(
        objects.length === 0,
        problems.some(({ severity }) => severity === 'error'),
      );
      const lines = text.split('\n');
      for (const problem of problems.filter((found) => found.file === file)) {
        t.true(problem.line >= 1 && problem.line <= lines.length);
        t.true(problem.column >= 1 && problem.column <= (lines[problem.line - 1]?.length ?? 0) + 1);
      }
    }),
    { numRuns: times(500, 30) },
  );
});
