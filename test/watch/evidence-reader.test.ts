import test from 'ava';
import type { Evidence } from '../../src/core/observe/judged-candidate.ts';
import { readEvidence } from '../../src/watch/evidence-reader.ts';
import { ManualClock } from './manual-clock.ts';

test('a clock that is put back does not hide that no replica has answered since', async (t) => {
  const clock = new ManualClock();
  let aheadMs = 3_600_000;
  let replicas = 1;
  const seen: Evidence[] = [];
  const stop = new AbortController();
  const nothing = () => {};
  const running = readEvidence(
    {
      source: { read: async () => ({ replicas, troubles: [] }) },
      clock: { ...clock, date: () => clock.date() + aheadMs / 1000 },
      log: { info: nothing, warn: nothing, error: nothing },
      isNeeded: () => true,
      isJudged: () => true,
      take: (evidence) => void seen.push(evidence),
    },
    stop.signal,
  );
  await clock.advance(5000);
  [aheadMs, replicas] = [0, 0];
  await clock.advance(60_000);
  const { askedAt = 0, answeredAt = 0 } = seen.at(-1) ?? {};
  t.true(askedAt - answeredAt >= 50_000, `${askedAt - answeredAt}`);
  stop.abort();
  await clock.advance(5000);
  await running;
});
