/** Trials of patches: some that somebody thought of, and any. `IstioModel` shows where requests go. */
import fc from 'fast-check';
import jsonPatch from 'fast-json-patch';
import type { Manifest } from '../../../src/core/manifests/manifest.ts';
import type { Files } from '../render/memory-tree.ts';
import { render } from '../render/memory-tree.ts';
import { IstioModel, type SentRequest } from '../routing/istio/istio-model.ts';

export interface Attack {
  readonly kind: string;
  readonly name: string;
  readonly patch: readonly jsonPatch.Operation[];
}

export interface PatchTrial {
  readonly toFiles: (patches: object[]) => Files;
  /** The objects without a patch. */
  readonly rendered: readonly Manifest[];
  /** The first request to which something else happens than without patches. */
  readonly findDifference: (objects: readonly Manifest[]) => string | undefined;
  /** Patches that are allowed. */
  readonly honest: Readonly<Record<string, Attack>>;
  readonly fields: Readonly<Record<string, readonly unknown[]>>;
}

export const add = (path: string, value: unknown): jsonPatch.Operation => ({ op: 'add', path, value });
export const replace = (path: string, value: unknown): jsonPatch.Operation => ({ op: 'replace', path, value });
export const remove = (path: string): jsonPatch.Operation => ({ op: 'remove', path });

export const cross = <A, B, C>(one: readonly A[], two: readonly B[], make: (a: A, b: B) => C): C[] =>
  one.flatMap((a) => two.map((b) => make(a, b)));
/** Every request with what becomes of it, one a line. */
function toOutcomes(objects: readonly Manifest[], requests: readonly SentRequest[]): string[] {
  const istio = new IstioModel(objects);
  return requests.map((request) => `${JSON.stringify(request)} → ${JSON.stringify(istio.send(request))}`);
}

/** @returns `findDifference` of a trial. */
export function toDifference(
  requests: readonly SentRequest[],
  rendered: readonly Manifest[],
): (objects: readonly Manifest[]) => string | undefined {
  const outcomes = toOutcomes(rendered, requests);
  return (objects) => toOutcomes(objects, requests).find((line, i) => line !== outcomes[i]);
}

/** The objects of a render, patched without a look at what is allowed. */
export function patchAnyway(rendered: readonly Manifest[], { kind, name, patch }: Attack): Manifest[] {
  return rendered.map((object) =>
    object.kind === kind && object.metadata.name === name && object.metadata.namespace === 'models'
      ? (jsonPatch.applyPatch(structuredClone(object), structuredClone(patch) as jsonPatch.Operation[])
          .newDocument as Manifest)
      : object,
  );
}

/** Every place in a value, as a JSON pointer. */
function toPointers(value: unknown, at = ''): string[] {
  if (typeof value !== 'object' || value === null) return [at];
  return [
    at,
    ...Object.entries(value).flatMap(([key, inner]) =>
      toPointers(inner, `${at}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`),
    ),
  ];
}

/**
 * Names of fields, with what somebody would write there who wants requests elsewhere.
 *
 * @param whole a route to another model.
 */
export function toFields(attacks: Readonly<Record<string, Attack>>, whole: unknown): PatchTrial['fields'] {
  return {
    ...Object.fromEntries(
      Object.values(attacks).flatMap(({ patch }) =>
        patch.flatMap((operation) =>
          'value' in operation ? [[operation.path.split('/').at(-1) ?? '', [operation.value]]] : [],
        ),
      ),
    ),
    match: [
      [{ headers: { 'x-canary': { exact: 'yes' } } }],
      [{ uri: { prefix: '/v2' } }],
      [{ authority: { exact: 'folly.models' } }],
      [{}],
      [],
    ],
    rewrite: [{ authority: 'folly.models' }, { uri: '/' }, {}],
    timeout: ['1s', '0s', '1h', 5],
    retries: [{ attempts: 0 }, { attempts: 3, retryOn: '5xx' }, { attempts: 2, retryOn: 'no-such-thing' }, {}],
    corsPolicy: [{ allowOrigins: [{ exact: 'https://a.example.com' }] }, { allowOrigins: [{ regex: '(' }] }],
    headers: [{ request: { set: { host: 'folly.models' } } }, { response: { set: { 'x-team': 'a' } } }],
    response: [{ set: { 'x-team': 'a' }, remove: ['server'] }, { set: { ':status': '500' } }, { add: { a: '%x%' } }],
    name: ['folly', 'wisdom', 'https'],
    namespace: ['elsewhere'],
    exportTo: [['.'], ['clients'], ['*'], []],
    labels: [{ team: 'a' }, {}],
    annotations: [{ team: 'a' }, { 'model-mirror.dev/path': 'folly' }],
    team: ['a', 1],
    'argocd.argoproj.io~1sync-options': ['Force=true,Replace=true', 'ServerSideApply=true'],
    tls: [{ mode: 'SIMPLE', credentialName: 'x' }, { mode: 'PASSTHROUGH' }, { httpsRedirect: true }],
    protocol: ['TCP', 'HTTPS', 'HTTP2'],
    '-': [
      {
        port: { number: 443, name: 'https', protocol: 'HTTPS' },
        tls: { mode: 'SIMPLE', credentialName: 'x' },
        hosts: ['./*'],
      },
      whole,
      'folly.models',
      '*',
      'mesh',
      {},
    ],
    0: [whole, 'folly.models', 'mm-mirror-gateway', 'mesh', '*', {}],
    1: [{ port: { number: 80, name: 'more', protocol: 'HTTP' }, tls: { httpsRedirect: true }, hosts: ['*'] }, whole],
    runtime: ['triton'],
    minReplicas: [2],
  };
}

/** Operations on what is rendered: at its own places, and at fields below them that are not there. */
const operationsOn = (object: Manifest, fields: PatchTrial['fields']): fc.Arbitrary<jsonPatch.Operation> => {
  const keys = Object.keys(fields);
  const own = fc.constantFrom(...toPointers(object));
  const pointer = fc.oneof(
    own,
    fc.tuple(own, fc.constantFrom(...keys)).map(([at, key]) => `${at}/${key}`),
  );
  const valueFor = (path: string) =>
    fc.oneof(
      fc.constantFrom(...(fields[path.split('/').at(-1) ?? ''] ?? ['wisdom-1'])),
      fc.constantFrom(...Object.values(fields).flat()),
      // What is there already, with something beside it, inside it or without it.
      own.map((from) => jsonPatch.getValueByPointer(object, from) as unknown),
      fc
        .tuple(
          fc.constant(jsonPatch.getValueByPointer(object, path.replace(/\/-$/, '')) as unknown),
          fc.constantFrom(...keys),
        )
        .chain(([there, key]) =>
          typeof there === 'object' && there !== null && !Array.isArray(there)
            ? fc.constantFrom(...(fields[key] as unknown[])).map((value): unknown => ({ ...there, [key]: value }))
            : fc.constant(there),
        ),
      fc.jsonValue({ maxDepth: 1 }),
    );
  return fc.oneof(
    {
      weight: 6,
      arbitrary: pointer.chain((path) =>
        fc
          .tuple(fc.constantFrom('add' as const, 'replace' as const), valueFor(path))
          .map(([op, value]) => ({ op, path, value })),
      ),
    },
    { weight: 1, arbitrary: own.map((path) => ({ op: 'remove' as const, path })) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.constantFrom('move' as const, 'copy' as const), own, pointer)
        .map(([op, from, path]) => ({ op, from, path })),
    },
    {
      weight: 1,
      arbitrary: own.map((path) => ({
        op: 'test' as const,
        path,
        value: jsonPatch.getValueByPointer(object, path) as unknown,
      })),
    },
  );
};

const toAnyPatch = ({ rendered, honest, fields }: PatchTrial) =>
  fc.constantFrom(...rendered.filter(({ metadata }) => metadata.namespace === 'models')).chain((object) =>
    fc.record({
      target: fc.constantFrom({ kind: object.kind }, { kind: object.kind, name: object.metadata.name }),
      patch: fc.oneof(
        fc.array(operationsOn(object, fields), { minLength: 1, maxLength: 3 }),
        // Beside what is allowed something else may pass.
        fc
          .tuple(
            fc.constantFrom(
              ...Object.values(honest).filter(
                ({ kind, name }) => kind === object.kind && name === object.metadata.name,
              ),
              { patch: [] },
            ),
            fc.array(operationsOn(object, fields), { maxLength: 1 }),
          )
          .map(([{ patch }, more]) => [...patch, ...more]),
      ),
    }),
  );

/** @throws when a patch is rendered that changes where requests go. @returns how many were rendered, changed, or refused. */
export function tryAnyPatch(trial: PatchTrial, runs: number) {
  let [changed, same, refused] = [0, 0, 0];
  const before = JSON.stringify(trial.rendered);
  fc.assert(
    fc.property(toAnyPatch(trial), (patch) => {
      const { objects } = render(trial.toFiles([patch]));
      if (objects.length === 0) {
        refused++;
        return;
      }
      const after = objects.map(({ output }) => JSON.parse(output) as Manifest);
      if (JSON.stringify(after) === before) same++;
      else changed++;
      const difference = trial.findDifference(after);
      if (difference !== undefined) throw new Error(difference);
    }),
    { numRuns: runs, includeErrorInReport: true },
  );
  return { runs, changed, same, refused };
}
