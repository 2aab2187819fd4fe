/** Models, policies and statuses as fast-check makes them up, and many ways to write the same down. */
import fc from 'fast-check';
import { stringify } from 'yaml';
import { anyCharacter } from '../../any-character.ts';

const apiVersion = 'model-mirror.dev/v1alpha1';

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
type Map = { [key: string]: Json };

const dnsLabel = fc.stringMatching(/^[a-z]([-a-z0-9]{0,8}[a-z0-9])?$/);
const version = fc.stringMatching(/^[A-Za-z0-9]([-A-Za-z0-9_.]{0,8}[A-Za-z0-9])?$/);
const key = fc
  .string({ unit: anyCharacter, minLength: 1, maxLength: 8 })
  .filter((name) => name !== '__proto__' && name !== '<<');
const text = fc.string({ unit: anyCharacter, maxLength: 12 });
const annotations = fc.dictionary(
  fc.stringMatching(/^[a-z]{1,6}(\.[a-z]{1,4})?\/[a-z]{1,6}$/).filter((name) => !name.startsWith('helm.sh/')),
  text,
  { maxKeys: 3, noNullPrototype: true },
);
const { json } = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 3 },
    text,
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('json'), { maxLength: 3 }),
    fc.dictionary(key, tie('json'), { maxKeys: 3, noNullPrototype: true }),
  ),
}));
/** No field of KServe's begins so: what it knows has a type of its own. */
const extra = fc.dictionary(fc.stringMatching(/^q[a-z]{2,7}$/), json, { maxKeys: 3, noNullPrototype: true });

/** What a version says beyond its name: everything here is rendered without a problem. */
const declared = fc.record({
  version,
  storageUri: fc.stringMatching(/^(s3|gs|https):\/\/[a-z]{1,8}(\/[a-z0-9]{1,8}){0,3}$/),
});

/** A model's document; it has no problem. */
export const model: fc.Arbitrary<Map> = fc
  .record({
    name: dnsLabel,
    namespace: dnsLabel,
    mode: fc.constantFrom('ModelMesh', 'Standard'),
    annotations,
    extra,
    predictor: extra,
    primary: declared,
    candidate: fc.option(declared),
  })
  .map(({ name, namespace, mode, annotations: noted, extra: more, predictor, primary, candidate }) => ({
    apiVersion,
    kind: 'Model',
    metadata: { name, namespace },
    spec: {
      template: {
        metadata: { annotations: { ...noted, 'serving.kserve.io/deploymentMode': mode } },
        spec: { ...more, predictor: { ...predictor, model: { modelFormat: { name: 'sklearn' } } } },
      },
      primary,
      ...(candidate === null ? {} : { candidate }),
    },
  }));

export const percentage = fc.oneof(
  fc.constantFrom(0, 100, 0.0001, 99.9999, 33.3333, 20),
  fc.integer({ min: 0, max: 1_000_000 }).map((parts) => parts / 10_000),
);

/** Its default share may be above what is mirrored. */
const analysis = fc.record(
  {
    checks: fc.constantFrom<Map[]>(
      [{ errors: { candidateOnly: '0.2%' } }],
      [{ latency: { over: '200ms', atMost: '1%' } }, { agreement: { atLeast: '98%', ignore: ['$.id'] } }],
    ),
    minSamples: fc.integer({ min: 1, max: 1000 }),
    noise: fc.boolean(),
    onFailing: fc.constantFrom('Close', 'Keep'),
  },
  { requiredKeys: ['checks'] },
);

/** A policy's document; it has no problem. */
export const policy: fc.Arbitrary<Map> = fc
  .record(
    {
      mirrorPercentage: percentage,
      gate: fc.constantFrom('Status', 'None'),
      analysis,
      timeout: fc.constantFrom('1s', '500ms', '1m30s'),
      port: fc.integer({ min: 1, max: 65_535 }),
      hosts: fc.uniqueArray(fc.stringMatching(/^[a-z]{1,8}\.example\.com$/), { maxLength: 3 }),
      patched: fc.boolean(),
    },
    { requiredKeys: [] },
  )
  .map(({ mirrorPercentage, gate, analysis, timeout, port, hosts, patched }) => ({
    apiVersion,
    kind: 'MirrorPolicy',
    metadata: { name: 'policy' },
    spec: {
      ...(mirrorPercentage === undefined ? {} : { mirrorPercentage }),
      ...(gate === undefined ? {} : { gate }),
      ...(analysis === undefined ? {} : { analysis }),
      routing: {
        ...(timeout === undefined ? {} : { timeout, mirrorTimeout: timeout }),
        ...(hosts === undefined ? {} : { hosts }),
        ...(port === undefined ? {} : { gateway: { port } }),
      },
      ...(patched === true
        ? {
            patches: [
              {
                target: { kind: 'VirtualService' },
                patch: [{ op: 'add', path: '/spec/http/0/name', value: 'patched' }],
              },
            ],
          }
        : {}),
    },
  }));

export const state = fc.constantFrom('Missing', 'Pending', 'Loading', 'Ready', 'Failed', 'Stopped', 'Deleting');

/** A way to write a document down: order of the keys, style, line ends, comments. */
export interface Writing {
  readonly seed: number;
  readonly style: 'block' | 'flow' | 'json';
  readonly lineEnd: '\n' | '\r\n';
  readonly comments: boolean;
  readonly quotes: boolean;
}

export const writing: fc.Arbitrary<Writing> = fc.record({
  seed: fc.nat(),
  style: fc.constantFrom('block', 'flow', 'json'),
  lineEnd: fc.constantFrom('\n', '\r\n'),
  comments: fc.boolean(),
  quotes: fc.boolean(),
});

export function write(document: unknown, { seed, style, lineEnd, comments, quotes }: Writing): string {
  const shuffled = shuffleKeys(document, seed);
  const written =
    style === 'json'
      ? `${JSON.stringify(shuffled, null, 2)}\n`
      : stringify(shuffled, {
          // A key that kubectl takes for more than a text, such as n, is quoted whatever is asked for.
          version: '1.1',
          lineWidth: 0,
          collectionStyle: style,
          // A text over several lines would take the line ends of the file into its value.
          defaultStringType: 'QUOTE_DOUBLE',
          defaultKeyType: quotes ? 'QUOTE_DOUBLE' : 'PLAIN',
          blockQuote: false,
          doubleQuotedAsJSON: true,
        });
  const commented =
    comments && style === 'block' ? `# a comment\n\n${written.replaceAll(/:$/gm, ': # and another')}` : written;
  return commented.replaceAll('\n', lineEnd);
}

function shuffleKeys(value: unknown, seed: number): unknown {
  if (Array.isArray(value)) return value.map((item) => shuffleKeys(item, seed));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, item]): [number, string, unknown] => [
    hash(`${seed} ${name}`),
    name,
    item,
  ]);
  return Object.fromEntries(entries.sort(([a], [b]) => a - b).map(([, name, item]) => [name, shuffleKeys(item, seed)]));
}

function hash(words: string): number {
  let sum = 0;
  for (const character of words) sum = (Math.imul(sum, 31) + (character.codePointAt(0) ?? 0)) | 0;
  return sum;
}
