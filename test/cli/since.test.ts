/** What people write for --since. */
import test from 'ava';
import { toSince } from '../../src/cli/history/since.ts';
import { isFault } from '../../src/core/diagnostics/fault.ts';

const now = Date.parse('2026-03-01T10:20:30Z') / 1000;

const times: readonly (readonly [text: string, time: string])[] = [
  ['today', '2026-03-01T00:00:00Z'],
  ['yesterday', '2026-02-28T00:00:00Z'],
  ['1 minute ago', '2026-03-01T10:19:30Z'],
  ['90 minutes ago', '2026-03-01T08:50:30Z'],
  ['3 hours ago', '2026-03-01T07:20:30Z'],
  ['2 days ago', '2026-02-27T10:20:30Z'],
  ['1 week ago', '2026-02-22T10:20:30Z'],
  ['2025-12-31', '2025-12-31T00:00:00Z'],
  ['2025-12-31 23:59', '2025-12-31T23:59:00Z'],
  ['2025-12-31T23:59:58Z', '2025-12-31T23:59:58Z'],
];

for (const [text, time] of times)
  test(`--since ${text}`, (t) => {
    t.is(toSince(text, now), Date.parse(time) / 1000);
  });

test('everything else that git may know is a revision', (t) => {
  for (const revision of ['main', 'HEAD~3', 'HEAD@{2 days ago}', ':/a subject', 'refs/heads/today', 'v1-2026'])
    t.deepEqual(toSince(revision, now), { revision });
});

test('words that cannot be a revision are refused with the forms that there are', (t) => {
  for (const text of ['last monday', 'two days ago', '2 days', '99999 days ago', '3 fortnights ago', 'two-day old']) {
    const error = t.throws(() => toSince(text, now), undefined, text);
    t.true(isFault(error) && error.code === 'usage' && /yesterday, "2 days ago"/.test(error.hint), text);
  }
});
