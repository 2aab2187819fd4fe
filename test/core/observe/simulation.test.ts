import test from 'ava';
import { times } from '../../thorough.ts';
import type { Candidate } from './simulation.ts';
import { Simulation, settleMs, toKey, toRandom, WrongOpening } from './simulation.ts';

const sequences = times(40_000, 2000);
const uris = ['good-1', 'good-1', 'good-2', 'broken', 'nobody-serves-this'] as const;
const secretKeys = ['none', 'none', 'right', 'wrong'] as const;
/** Pauses between two events, in milliseconds: within a second, within a load, and longer than anything takes. */
const pauses = [80, 700, 3_000, 9_000, 70_000] as const;

test('whatever happens, no mirror opens to what was never loaded, and the last state is right', (t) => {
  const ends = new Map<string, number>();
  for (let seed = 1; seed <= sequences; seed++) {
    const { fault, end } = play(seed);
    if (fault !== undefined) {
      t.log(...play(seed, true).trace.map((line) => `\n${line}`));
      return t.fail(`sequence ${seed}: ${fault}`);
    }
    ends.set(end, (ends.get(end) ?? 0) + 1);
  }
  // The simulation proves little unless each end is reached often.
  for (const end of [
    'no candidate',
    'Ready',
    'Ready, waiting for a call',
    'Pending, waiting for a call',
    'Failed',
    'Loading',
  ])
    t.true((ends.get(end) ?? 0) >= sequences / 400, `${end}: ${ends.get(end) ?? 0} sequences`);
  return t.pass();
});

interface Played {
  readonly fault?: string;
  readonly end: string;
  readonly trace: readonly string[];
}

function play(seed: number, isTraced = false): Played {
  const random = toRandom(seed);
  const world = new Simulation(random, isTraced);
  try {
    disturb(world, random);
    calm(world, random);
  } catch (error) {
    if (error instanceof WrongOpening) return { fault: error.message, end: '', trace: world.trace };
    throw error;
  }
  const { end, right } = toEnd(world);
  const recorded = world.state ?? 'nothing';
  return right.includes(recorded)
    ? { end, trace: world.trace }
    : { fault: `ends with ${recorded}, not with ${right.join(' or ')} (${end})`, end, trace: world.trace };
}

function disturb(world: Simulation, random: () => number): void {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  const candidate = (): Candidate => ({ uri: pick(uris), secretKey: pick(secretKeys), env: pick(['a', 'b']) });
  /** Often close to what is there already: one field changes, or is changed back. */
  const other = (): Candidate => {
    const now = world.declared ?? candidate();
    return pick([
      candidate(),
      { ...now, env: now.env === 'a' ? 'b' : 'a' },
      { ...now, secretKey: pick(secretKeys) },
      now,
    ]);
  };
  const events: readonly (() => void)[] = [
    () => world.declare(other()),
    () => world.declare(other()),
    () => world.declare(random() < 0.5 ? undefined : other()),
    () => world.editByHand(other()),
    () => world.stopController(),
    () => world.startController(),
    () => world.killPods(),
    () => world.startPods(),
    () => world.killOnePod(),
    () => world.retryFailure(),
    () => world.stopWatcher(),
    () => world.startWatcher(),
    () => world.call(),
    () => {
      // As when a whole cluster restarts.
      world.killPods();
      world.stopController();
      world.startController();
      world.advance(random() * 5_000);
      world.startPods();
    },
  ];
  world.declare({ uri: pick(uris), secretKey: 'none', env: 'a' });
  for (let left = 3 + Math.floor(random() * 6); left > 0; left--) {
    world.advance(random() * pick(pauses));
    pick(events)();
  }
}

/** Everything is up again, and nothing more happens for longer than anything takes. */
function calm(world: Simulation, random: () => number): void {
  world.startPods();
  world.startController();
  world.startWatcher();
  world.advance(70_000 + 20_000);
  // A controller that restarts writes the status of each model.
  if (random() < 0.5) {
    world.stopController();
    world.startController();
    world.isRewritten = true;
  }
  world.advance(30_000 + 4 * settleMs);
}

/** Which states are right, by what the server has done and KServe can know of it. */
function toEnd(world: Simulation): { readonly end: string; readonly right: readonly string[] } {
  const { declared, live, active, target } = world;
  if (declared === undefined) return { end: 'no candidate', right: ['nothing'] };
  const key = toKey(declared);
  if (live === undefined || toKey(live.is) !== key) return { end: 'not deployed', right: [] };
  const server = target ?? active;
  if (server?.key !== key) return { end: 'not registered', right: [] };
  if (server.outcome === 'no-runtime')
    return target === undefined ? { end: 'Failed', right: ['Failed'] } : { end: 'Loading', right: ['Loading'] };
  if (server.outcome === 'fails') return { end: 'Failed', right: ['Failed'] };
  if (!world.isLimbo) return { end: 'Ready', right: world.isProvable ? ['Ready'] : ['Ready', 'Pending'] };
  if (world.recorded === key) return { end: 'Ready, waiting for a call', right: ['Ready'] };
  if (!world.everRecorded.has(key)) return { end: 'Pending, waiting for a call', right: ['Pending'] };
  return { end: 'waiting for a call', right: ['Ready', 'Pending'] };
}
