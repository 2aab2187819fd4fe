/** For every edit of every text: only what had to change has changed. */
import test from 'ava';
import fc from 'fast-check';
import { discardCandidate, promoteCandidate, setCandidate } from '../../../src/core/edit/model-edits.ts';
import { setMirrorPercentage } from '../../../src/core/edit/policy-edits.ts';
import type { Edited } from '../../../src/core/edit/proof.ts';
import { parseModel, parsePolicy } from '../../../src/core/input/parse-document.ts';
import type { Model } from '../../../src/core/input/schema.ts';
import { mergePatch } from '../../../src/core/manifests/merge-patch.ts';
import { times } from '../../thorough.ts';
import type { BizarreText } from './bizarre-text.ts';
import { toBizarreText } from './bizarre-text.ts';

const runs = Number(process.env['MODEL_MIRROR_EDIT_RUNS'] ?? times(200, 20));
/** An error of a property shows the text that it is about. */
const settings = { numRuns: runs, includeErrorInReport: true };
const path = 'model.yaml';

const version = fc.constantFrom('v1', 'v2', 'v3', '1.0', '2026-11', 'true');
const uri = fc.constantFrom('s3://m/v1', 's3://m/v2', 'pvc://claim/dir', 'https://models/a?b=c,d#e', 'http://m');
const overrides = fc.constantFrom(
  {},
  { metadata: { labels: { team: 'blue' } } },
  { spec: { predictor: { model: { runtime: 'triton', args: ['a', 'b'] }, minReplicas: 2 } } },
);
const modelVersion = fc.record(
  { version, storageUri: uri, name: fc.constantFrom('sage', 'novice'), overrides },
  { requiredKeys: ['version'] },
);
const model = fc.record({
  template: fc.constantFrom(
    { spec: {} },
    { metadata: { labels: { a: 'v1', b: 's3://m/v1' } }, spec: { x: [1, 'v2'] } },
  ),
  primary: modelVersion,
});
/** How a candidate is written: by itself, or as a list of one. */
const form = fc.constantFrom('candidate', 'candidates');
const toField = (key: string, candidate: object) => ({ [key]: key === 'candidate' ? candidate : [candidate] });
const wish = fc.record(
  { version, storageUri: uri, name: fc.constantFrom('sage', 'novice') },
  { requiredKeys: ['version'] },
);

const wrap = (spec: object) =>
  ({ apiVersion: 'model-mirror.dev/v1alpha1', kind: 'Model', metadata: { name: 'wisdom' }, spec }) as never;

function toModel(text: string): Model {
  const { value, problems } = parseModel({ path, text });
  if (value === undefined) throw new Error(`${JSON.stringify(problems)}\n${text}`);
  return value;
}

/** The new text, or undefined when it was refused. */
function toText(edited: Edited): string | undefined {
  return 'text' in edited ? edited.text : undefined;
}

function commentsOf(text: string, ...zones: readonly string[]): string[] {
  return [...text.matchAll(/# (\w+) \d+[,:]/g)]
    .filter(([, zone]) => zones.includes(zone ?? ''))
    .map(([found]) => found);
}

/** The text without the lines of a marked field; in braces, without the field and its comma. */
function without({ text, zones, inFlow }: BizarreText, field: string): string | undefined {
  const zone = zones.get(field);
  if (zone === undefined || inFlow) return undefined;
  const rest = text.slice(zone.end).replace(/^[ \t]*/, '');
  if (rest === '') return text.slice(0, zone.start).replace(/\r?\n$/, '');
  return text.slice(0, zone.start) + rest.replace(/^\r?\n/, '');
}

test('a candidate is added in one place, and discarding it gives the old text back', (t) => {
  let refused = 0;
  fc.assert(
    fc.property(model, wish, fc.boolean(), fc.gen(), (spec, wanted, aliases, draw) => {
      const { text } = toBizarreText(draw, wrap(spec), { marked: ['primary'], aliases });
      const edited = toText(setCandidate({ path, text }, toModel(text), wanted));
      if (edited === undefined) {
        refused++;
        return;
      }
      t.deepEqual(toModel(edited), wrap({ ...spec, candidate: wanted }), edited);
      t.true(isInserted(text, edited), `${text}\n----\n${edited}`);
      t.is(toText(setCandidate({ path, text: edited }, toModel(edited), wanted)), edited);
      t.is(toText(discardCandidate({ path, text: edited }, toModel(edited))), text);
    }),
    settings,
  );
  t.log(`${refused} of ${runs} refused`);
  t.is(refused, 0);
});

test('a candidate that is set keeps every comment, and every byte outside of its values', (t) => {
  let refused = 0;
  fc.assert(
    fc.property(
      model,
      form,
      modelVersion,
      wish,
      fc.boolean(),
      fc.gen(),
      (spec, key, candidate, wanted, aliases, draw) => {
        const bizarre = toBizarreText(draw, wrap({ ...spec, ...toField(key, candidate) }), { marked: [key], aliases });
        const { text, zones } = bizarre;
        const zone = zones.get(key) ?? { start: 0, end: 0 };
        t.is(toText(setCandidate({ path, text }, toModel(text), candidate)), text);
        const edited = toText(setCandidate({ path, text }, toModel(text), wanted));
        if (edited === undefined) {
          refused++;
          t.true(aliases, text);
          return;
        }
        t.deepEqual(toModel(edited), wrap({ ...spec, ...toField(key, { ...candidate, ...wanted }) }), edited);
        t.true(edited.startsWith(text.slice(0, zone.start)), edited);
        t.true(edited.endsWith(text.slice(zone.end)), edited);
        t.deepEqual(commentsOf(edited, 'else', key), commentsOf(text, 'else', key));
        t.is(toText(setCandidate({ path, text: edited }, toModel(edited), wanted)), edited);
      },
    ),
    settings,
  );
  t.log(`${refused} of ${runs} refused`);
});

const inModel = (model: object) => ({ spec: { predictor: { model } } });
const storages = fc.constantFrom(
  undefined,
  {},
  { metadata: { labels: { a: 'v1' } } },
  inModel({ runtime: 'triton', args: ['a', 'b'] }),
  inModel({ storage: { path: 'm/v1' } }),
  inModel({ runtime: 'triton', storage: { key: 'minio', path: 'm/v1' } }),
  inModel({ storage: { key: 'minio' } }),
  inModel({ storage: null }),
);

test('a path in a storage that is set keeps every comment, and every byte outside of the candidate', (t) => {
  let refused = 0;
  const places = fc.constantFrom('m/v3', 'm/v 3', '3');
  fc.assert(
    fc.property(
      model,
      form,
      version,
      storages,
      places,
      fc.boolean(),
      fc.gen(),
      (spec, key, v, own, place, aliases, draw) => {
        const candidate = { version: v, ...(own === undefined ? {} : { overrides: own }) };
        const bizarre = toBizarreText(draw, wrap({ ...spec, ...toField(key, candidate) }), { marked: [key], aliases });
        const { text, zones } = bizarre;
        const zone = zones.get(key) ?? { start: 0, end: 0 };
        const edited = toText(setCandidate({ path, text }, toModel(text), { storagePath: place }));
        if (edited === undefined) {
          refused++;
          t.true(aliases, text);
          return;
        }
        const overrides = mergePatch(own ?? {}, inModel({ storage: { path: place } }));
        t.deepEqual(toModel(edited), wrap({ ...spec, ...toField(key, { version: v, overrides }) }), edited);
        t.true(edited.startsWith(text.slice(0, zone.start)), edited);
        t.true(edited.endsWith(text.slice(zone.end)), edited);
        t.deepEqual(commentsOf(edited, 'else', key), commentsOf(text, 'else', key));
        t.is(toText(setCandidate({ path, text: edited }, toModel(edited), { storagePath: place })), edited);
      },
    ),
    settings,
  );
  t.log(`${refused} of ${runs} refused`);
});

test('discarding a candidate removes its own lines, and nothing else', (t) => {
  let refused = 0;
  fc.assert(
    fc.property(model, form, modelVersion, fc.boolean(), fc.gen(), (spec, key, candidate, aliases, draw) => {
      const bizarre = toBizarreText(draw, wrap({ ...spec, ...toField(key, candidate) }), { marked: [key], aliases });
      const { text } = bizarre;
      const edited = toText(discardCandidate({ path, text }, toModel(text)));
      if (edited === undefined) {
        refused++;
        t.true(aliases || bizarre.inFlow, text);
        return;
      }
      t.deepEqual(toModel(edited), wrap(spec), edited);
      t.deepEqual(commentsOf(edited, 'else'), commentsOf(text, 'else'), `${text}\n----\n${edited}`);
      t.deepEqual(commentsOf(edited, key), []);
      const expected = without(bizarre, key);
      if (expected !== undefined) t.is(edited, expected, JSON.stringify(text));
      t.is(toText(discardCandidate({ path, text: edited }, toModel(edited))), edited);
    }),
    settings,
  );
  t.log(`${refused} of ${runs} refused`);
});

test('promoting a candidate keeps its comments, and removes none but those of the old primary', (t) => {
  let refused = 0;
  fc.assert(
    fc.property(model, form, modelVersion, fc.boolean(), fc.gen(), (spec, key, candidate, aliases, draw) => {
      const bizarre = toBizarreText(draw, wrap({ ...spec, ...toField(key, candidate) }), {
        marked: ['primary', key],
        aliases,
      });
      const { text, zones, inFlow } = bizarre;
      const edited = toText(promoteCandidate({ path, text }, toModel(text), candidate));
      if (edited === undefined) {
        refused++;
        t.true(aliases || inFlow, text);
        return;
      }
      const name = candidate.name ?? spec.primary.name;
      const promoted = { ...candidate, ...(name === undefined ? {} : { name }) };
      t.deepEqual(toModel(edited), wrap({ ...spec, primary: promoted }), edited);
      t.deepEqual(commentsOf(edited, 'else'), commentsOf(text, 'else'), `${text}\n----\n${edited}`);
      if (inFlow) return;
      const [first, second] = [...zones.values()].sort((a, b) => a.start - b.start);
      const parts = [
        text.slice(0, first?.start),
        text.slice(first?.end, second?.start).trim(),
        text.slice(second?.end).trim(),
      ];
      t.true(edited.startsWith(parts[0] ?? ''), edited);
      t.true(edited.indexOf(parts[1] ?? '', parts[0]?.length) >= 0, edited);
      t.true(edited.trimEnd().endsWith(parts[2] ?? ''), edited);
      if (aliases) return;
      // A comment beside a key is about the role, and stays or goes with it.
      const brought = commentsOf(edited, key);
      const own = commentsOf(text, key);
      t.deepEqual(brought, own.slice(own.length - brought.length), edited);
      t.true(own.length - brought.length <= 2, edited);
      t.true(commentsOf(edited, 'primary').length <= 3, `${text}\n----\n${edited}`);
    }),
    settings,
  );
  t.log(`${refused} of ${runs} refused`);
});

test('a percentage that is set keeps every other byte', (t) => {
  let refused = 0;
  const policy = fc.record(
    {
      mirrorPercentage: fc.constantFrom(0, 20, 0.5, 100),
      gate: fc.constantFrom('None', 'Status'),
      routing: fc.constant({ hosts: ['a.b'], timeout: '2s' }),
    },
    { requiredKeys: [] },
  );
  const header = { apiVersion: 'model-mirror.dev/v1alpha1', kind: 'MirrorPolicy', metadata: { name: 'wisdom' } };
  const toPolicy = (text: string) => {
    const { value, problems } = parsePolicy({ path, text });
    if (value === undefined) throw new Error(`${JSON.stringify(problems)}\n${text}`);
    return value;
  };
  fc.assert(
    fc.property(policy, fc.constantFrom(0, 20, 0.0001, 33.3), fc.gen(), (spec, percentage, draw) => {
      const value = { ...header, spec } as never;
      const { text } = toBizarreText(draw, value, { marked: ['mirrorPercentage'], aliases: false });
      const edited = toText(setMirrorPercentage({ path, text }, toPolicy(text), percentage));
      if (edited === undefined) {
        refused++;
        return;
      }
      t.deepEqual(toPolicy(edited), { ...header, spec: { ...spec, mirrorPercentage: percentage } } as never, edited);
      t.deepEqual(
        commentsOf(edited, 'else', 'mirrorPercentage'),
        commentsOf(text, 'else', 'mirrorPercentage'),
        `${text}\n----\n${edited}`,
      );
      if (spec.mirrorPercentage === percentage) t.is(edited, text);
      else if (spec.mirrorPercentage === undefined) t.true(isInserted(text, edited), `${text}\n----\n${edited}`);
      t.is(toText(setMirrorPercentage({ path, text: edited }, toPolicy(edited), percentage)), edited);
    }),
    settings,
  );
  t.log(`${refused} of ${runs} refused`);
  t.is(refused, 0);
});

/** Whether one text is the other with something put in, at one place; in braces also a comma at another. */
function isInserted(before: string, after: string): boolean {
  let start = 0;
  while (start < before.length && before[start] === after[start]) start++;
  let end = 0;
  while (end < before.length - start && before.at(-1 - end) === after.at(-1 - end)) end++;
  if (start + end === before.length) return true;
  return after[start] === ',' && isInserted(before, after.slice(0, start) + after.slice(start + 1));
}
