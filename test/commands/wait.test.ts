import test from 'ava';
import { createStatus } from '../../src/commands/status.ts';
import type { WaitProgress, WaitRequest, WaitResult } from '../../src/commands/wait.ts';
import { waitForGoal } from '../../src/commands/wait.ts';
import { Fault } from '../../src/core/diagnostics/fault.ts';
import { safe } from '../../src/core/diagnostics/safe-text.ts';
import { failed, loaded, loading } from '../core/observe/live-objects.ts';
import { folder, MemoryWorld, model, names } from './memory-world.ts';

const away = new Fault('environment', safe`it is away`, safe`wait`);

/** Somebody waits, and what happens is entered between the looks, one second apart. */
class Waiting {
  readonly world: MemoryWorld;
  readonly result: Promise<WaitResult>;
  readonly progress: WaitProgress[] = [];
  ended: WaitResult | undefined;
  readonly #deadline = new AbortController();

  constructor(world: MemoryWorld, request: Partial<WaitRequest> = {}, isLive = false) {
    this.world = world;
    const { readFiles, listLive, clock } = world;
    const status = { model, names, cluster: undefined, namespace: undefined };
    this.result = waitForGoal(
      { goal: 'ready', isOne: true, intervalMs: 1000, settleMs: 0, ...request },
      {
        readStatus: createStatus(status, { readFiles, clock, listLive: isLive ? listLive : undefined }),
        clock,
        deadline: this.#deadline.signal,
        onProgress: (one) => this.progress.push(one),
      },
    );
    this.result.then(
      (result) => {
        this.ended = result;
      },
      () => {},
    );
  }

  async after(seconds: number): Promise<WaitResult | undefined> {
    await this.world.clock.advance(seconds * 1000);
    return this.ended;
  }

  async late(): Promise<WaitResult> {
    this.#deadline.abort();
    return this.result;
  }

  get codes(): string[] {
    const toCode = ({ state, trouble }: WaitProgress) => {
      const reason = state.models[0]?.reason;
      return trouble !== undefined ? 'trouble' : reason?.code === 'difference' ? reason.difference.code : reason?.code;
    };
    return this.progress.map((one) => toCode(one) ?? '');
  }
}

const toOutcome = (result: WaitResult | undefined) =>
  result?.code === 'checked' ? result.state.outcome : result?.code;

test('it ends at the first look that shows the goal, and not before', async (t) => {
  const waiting = new Waiting(new MemoryWorld());
  t.is(await waiting.after(3), undefined);
  waiting.world.change('status.yaml', 'state: Loading', 'state: Ready');
  t.is(toOutcome(await waiting.after(1)), 'reached');
  t.deepEqual([...new Set(waiting.codes)], ['candidate-not-ready']);
});

test('what only a person can change ends it', async (t) => {
  const waiting = new Waiting(new MemoryWorld());
  await waiting.after(1);
  waiting.world.change('status.yaml', 'state: Loading', 'state: Failed, reason: ModelLoadFailed');
  const result = await waiting.after(1);
  t.is(toOutcome(result), 'stuck');
  t.deepEqual(result?.code === 'checked' && result.state.models[0]?.reason, {
    code: 'state',
    version: 'v2',
    state: 'Failed',
    reason: 'ModelLoadFailed',
  });
});

test('trouble after the first look is retried', async (t) => {
  const waiting = new Waiting(new MemoryWorld());
  await waiting.after(0);
  waiting.world.fault = away;
  t.is(await waiting.after(5), undefined);
  waiting.world.fault = undefined;
  waiting.world.change('status.yaml', 'state: Loading', 'state: Ready');
  t.is(toOutcome(await waiting.after(1)), 'reached');
  t.deepEqual([...new Set(waiting.codes)], ['candidate-not-ready', 'trouble']);
});

test('trouble at the first look, and any other error, ends it', async (t) => {
  const world = new MemoryWorld();
  world.fault = away;
  t.is(await t.throwsAsync(new Waiting(world).result), away);
  const bug = new Error('a bug');
  const waiting = new Waiting(new MemoryWorld());
  await waiting.after(0);
  waiting.world.fault = bug;
  const thrown = t.throwsAsync(waiting.result);
  await waiting.after(1);
  t.is(await thrown, bug);
});

test('files that become wrong end it with their problems', async (t) => {
  const waiting = new Waiting(new MemoryWorld());
  await waiting.after(1);
  waiting.world.files = { ...waiting.world.files, [`${folder}/policy.yaml`]: 'broken' };
  const result = await waiting.after(1);
  t.is(result?.code, 'problems');
});

test('when the time is over, the last state counts; without one for now, there is no answer', async (t) => {
  const late = await new Waiting(new MemoryWorld()).late();
  t.is(toOutcome(late), 'waiting');
  const waiting = new Waiting(new MemoryWorld());
  await waiting.after(1);
  waiting.world.fault = away;
  await waiting.after(1);
  t.deepEqual(await waiting.late(), { code: 'no-answer', trouble: away });
});

test('a failure that only flashes does not end it', async (t) => {
  const world = new MemoryWorld();
  world.apply();
  const waiting = new Waiting(world, { settleMs: 3000 }, true);
  await waiting.after(0);
  world.setStatus(`${model}-1`, failed);
  t.is(await waiting.after(3), undefined);
  world.setStatus(`${model}-1`, loading);
  t.is(await waiting.after(1), undefined);
  world.setStatus(`${model}-1`, failed);
  t.is(await waiting.after(3), undefined);
  t.is(toOutcome(await waiting.after(1)), 'stuck');
});

test('readiness must hold as long, and does not count if the time is over before', async (t) => {
  const world = new MemoryWorld();
  world.apply();
  const patient = new Waiting(world, { settleMs: 3000 }, true);
  const waiting = new Waiting(world, { settleMs: 3_600_000 }, true);
  await patient.after(0);
  for (const i of [0, 1]) world.setStatus(`${model}-${i}`, loaded);
  t.is(await patient.after(3), undefined);
  t.is(toOutcome(await patient.after(1)), 'reached');
  await waiting.after(60);
  t.is(toOutcome(await waiting.late()), 'waiting');
});

test('what follows from the files alone need not hold', async (t) => {
  const world = new MemoryWorld();
  const waiting = new Waiting(world, { goal: 'idle', settleMs: 3_600_000 }, true);
  const result = await waiting.after(0);
  t.is(toOutcome(result), 'stuck');
  t.deepEqual(waiting.progress, []);
});
