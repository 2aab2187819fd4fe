import test from 'ava';
import fc from 'fast-check';
import { parseStatus } from '../../src/core/input/parse-document.ts';
import { toStatusText } from '../../src/output/status-text.ts';

const states = ['Missing', 'Pending', 'Loading', 'Ready', 'Failed', 'Stopped', 'Deleting'] as const;
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
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
