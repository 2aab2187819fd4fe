import test from 'ava';
import fc from 'fast-check';
import { parseStatus } from '../../src/core/input/parse-document.ts';
import { toStatusText } from '../../src/output/status-text.ts';
import { anyCharacter } from '../any-character.ts';

const states = ['Missing', 'Pending', 'Loading', 'Ready', 'Failed', 'Stopped', 'Deleting'] as const;
const text = fc.oneof(
  fc.string({ unit: anyCharacter, maxLength: 40 }),
  fc.constantFrom('yes', '1e5', '0', '1_000', '12:30', 'a: b', '{x}', '# no', "it's", '~', '-', 'null', '<<'),
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 32, maxLength: 32 }),
);
const filled = text.filter((value) => value.length > 0);
const optional = (value: fc.Arbitrary<string>) => fc.option(value, { nil: undefined });
const version = fc.record(
  {
    name: filled,
    version: optional(text),
    digest: optional(text),
    state: fc.constantFrom(...states),
    reason: optional(text),
    message: optional(text),
  },
  { requiredKeys: ['name', 'state'] },
);

const percentage = fc.integer({ min: 0, max: 1_000_000 }).map((n) => n / 10_000);
const mirror = fc.option(fc.record({ percentage }), { nil: undefined });
const candidate = fc.tuple(version, mirror).map(([fields, live]) => ({ ...fields, ...(live && { mirror: live }) }));
/** That of 0.1.0 makes the file 0.1.0's, which has one candidate. */
const hasOldDigest = ({ digest = '' }: { digest?: string | undefined }) => /^[0-9a-f]{32}$/.test(digest);

test('what is written is what is read', (t) => {
  const candidates = fc
    .uniqueArray(candidate, { maxLength: 3, selector: ({ name }) => name })
    .map((all) => (all.some(hasOldDigest) ? all.filter(hasOldDigest).slice(0, 1) : all));
  const status = fc.record({ primary: version, candidates }, { requiredKeys: ['candidates'] });
  fc.assert(
    fc.property(filled, filled, status, (name, namespace, observed) => {
      const written = toStatusText({ name, namespace, status: observed });
      const { value, problems } = parseStatus({ path: 'status.yaml', text: written });
      t.deepEqual(problems, []);
      t.deepEqual(value?.metadata, { name, namespace });
      t.deepEqual(JSON.stringify(value?.status), JSON.stringify(observed));
    }),
  );
});

test('a verdict, and an attempt, is written beside a digest of 0.1.0 too', (t) => {
  const verdict = {
    verdict: 'Failing',
    by: 'brake',
    at: '2026-01-01T00:00:00Z',
    rule: 'beta-binomial/1',
    confidence: 0.95,
    steps: 1,
    minSamples: 500,
    budget: 1e-5,
    subject: {
      primary: { name: 'wisdom-0', digest: `d2-${'0'.repeat(32)}` },
      candidate: { name: 'wisdom-1', digest: `d2-${'1'.repeat(32)}` },
      analysis: 'ff',
      step: 0,
      attempt: 0,
    },
    checks: [{ check: 'errors.rate', limit: 0.01, bad: 9, all: 9, low: 0.5, high: 1 }],
  } as const;
  const old = { name: 'wisdom-1', digest: '1'.repeat(32), state: 'Ready' } as const;
  for (const judgement of [{ verdict }, { attempt: 1 }]) {
    const status = { candidates: [{ ...old, mirror: { percentage: 20 }, ...judgement }] };
    const written = toStatusText({ name: 'wisdom', namespace: 'models', status });
    t.deepEqual(parseStatus({ path: 'status.yaml', text: written }).value?.status, status);
  }
});
