import test from 'ava';
import { createStatus } from '../../src/commands/status.ts';
import { watchStatus } from '../../src/commands/watch-status.ts';
import { Fault } from '../../src/core/diagnostics/fault.ts';
import { safe } from '../../src/core/diagnostics/safe-text.ts';
import { MemoryWorld, names } from './memory-world.ts';

const away = new Fault('environment', safe`it is away`, safe`wait`);

/** Somebody watches, with one look per second. */
function watch(world: MemoryWorld) {
  const seen: string[] = [];
  const stop = new AbortController();
  const request = { model: undefined, names, cluster: undefined, namespace: undefined };
  const ended = watchStatus(1000, {
    readStatus: createStatus(request, { readFiles: world.readFiles, clock: world.clock }),
    clock: world.clock,
    stop: stop.signal,
    onReport: ({ assessments }) => seen.push(assessments[0]?.candidates[0]?.observed?.state ?? 'none'),
    onTrouble: ({ message }) => seen.push(message),
  });
  return { seen, stop, ended };
}

test('each look is reported, and trouble in a row once', async (t) => {
  const world = new MemoryWorld();
  const { seen, stop, ended } = watch(world);
  await world.clock.advance(1000);
  world.fault = away;
  await world.clock.advance(3000);
  world.fault = undefined;
  world.change('status.yaml', 'state: Loading', 'state: Ready');
  await world.clock.advance(1000);
  world.fault = away;
  await world.clock.advance(1000);
  stop.abort();
  await ended;
  t.deepEqual(seen, ['Loading', 'Loading', away.message, 'Ready', away.message]);
});

test('trouble at the first look, and any other error, ends it', async (t) => {
  const world = new MemoryWorld();
  world.fault = away;
  t.is(await t.throwsAsync(watch(world).ended), away);
  const later = new MemoryWorld();
  const { ended } = watch(later);
  const thrown = t.throwsAsync(ended);
  await later.clock.advance(0);
  later.fault = new Error('a bug');
  await later.clock.advance(1000);
  t.is(await thrown, later.fault);
});

test('an abort in the middle of a look ends it without a report', async (t) => {
  const stop = new AbortController();
  const { clock } = new MemoryWorld();
  const seen: unknown[] = [];
  await watchStatus(1000, {
    readStatus: async () => {
      stop.abort();
      throw away;
    },
    clock,
    stop: stop.signal,
    onReport: (report) => seen.push(report),
    onTrouble: (trouble) => seen.push(trouble),
  });
  t.deepEqual(seen, []);
});
