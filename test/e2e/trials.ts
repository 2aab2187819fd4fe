/** Faults of a candidate and of the mirror path, tried in turn while a model is called, and judged: in either mode. */

import type { Behaviour } from './bad-behaviour.ts';
import type { BadCandidate } from './candidate.ts';
import type { Trial } from './harm.ts';
import { findHarm, megabyte, show, toMostBytes, toText } from './harm.ts';
import type { Caller, Fault } from './interleaved.ts';
import { interleave } from './interleaved.ts';
import type { LoadSummary } from './load.ts';
import type { Scene } from './scene.ts';
import { origins } from './traffic.ts';

/** With MODEL_MIRROR_THOROUGH: every fault with every body, in all rounds, and as many calls however slow the machine is. */
export const isThorough = process.env['MODEL_MIRROR_THOROUGH'] !== undefined;
const deadlineMs = 10_000;

const explanation =
  'p50 and p99 are medians over the periods of a fault, and in these over windows as long as a period of calm, or an eighth of a long one. **Beyond calm** is the least, over its periods, by which p50 (in ms) and p99 (in times) exceed the calm just before and after: what a fault does, it does each time. For calm it is how much two calm periods that follow each other differ: noise of the machine, which is not a harm. Rows with **(!)** are beyond the aim (0.3 ms and × 1.5 more than calm differs by itself): latencies are shown and not judged, as clients share the cores with what a fault costs. **Memory** is what an Envoy has allocated at most; with + beyond its most in calm. Deadlines of 10 s are kept by the client and not sent.';

export interface Size {
  readonly bytes: number;
  /** A second, of each caller; fewer where the machine does not take as many. */
  readonly rate: number;
  readonly calmMs: number;
  readonly faultMs: number;
  /** Where it is tried thoroughly; otherwise once. */
  readonly rounds?: number;
}

export interface Trials {
  readonly scene: Scene;
  readonly callers: readonly Caller[];
  /** What of the calls was answered by another than the primary. */
  readonly findOthers: (summary: LoadSummary) => readonly string[];
  /** Of a size's rate, what a quarter of this machine can do; at most 1. */
  readonly share: number;
  /** What an Envoy may gain beside what copies in flight hold; absent: what it may with copies to candidates. */
  readonly spareBytes?: number;
}

/** @param rate the largest of a size. */
export async function begin(
  scene: Scene,
  rate: number,
  callers: readonly Caller[],
  findOthers: Trials['findOthers'],
): Promise<Trials> {
  scene.report.note(explanation);
  const calls = 1500;
  const summaries = await Promise.all(
    callers.map(
      async ({ call }) => (await call({ calls: Math.ceil((2 * calls) / callers.length), parallel: 16 })).ended,
    ),
  );
  const fastest = Math.min(...summaries.map(({ sent, seconds }) => sent / seconds));
  scene.row(['calls a second of each caller, as fast as they go'], [fastest.toFixed(0)]);
  return { scene, callers, findOthers, share: Math.min(1, fastest / 4 / rate) };
}

/** @param isReached whether copies must come to it: those that are too large do not. */
export function misbehaves(candidate: BadCandidate, behaviour: Behaviour, isReached = true): Fault {
  return {
    what: `the candidate ${behaviour}`,
    begin: () => candidate.behave(behaviour),
    end: async () => {
      const { begun } = await candidate.count();
      if (begun === 0 && isReached) throw new Error(`no copy came to the candidate while it ${behaviour}`);
      await candidate.behave('answers');
    },
  };
}

/** First hop: nobody answers it, or nobody reads. */
export function toGatewayFaults({ mirror }: Scene['stack']): { readonly killed: Fault; readonly stopped: Fault } {
  return {
    killed: {
      what: 'the mirror gateway is killed',
      begin: () => mirror.program.stop('SIGKILL'),
      end: async () => {
        mirror.program.start();
        await mirror.untilReady();
      },
    },
    stopped: {
      what: 'the mirror gateway is stopped',
      begin: async () => mirror.program.signal('SIGSTOP'),
      end: async () => mirror.program.signal('SIGCONT'),
    },
  };
}

/** @param how the faults differ from what they are called. */
export async function tryFaults(trials: Trials, size: Size, faults: readonly Fault[], how = ''): Promise<void> {
  const { report } = trials.scene;
  const result = await run(trials, size, faults);
  const what = `${toText(size.bytes)}, ${toRateText(result)}`;
  show(report, what, result, how);
  for (const outcome of result.outcomes)
    if (outcome.fault !== undefined)
      report.check(`${what}: ${[outcome.fault, how].join(' ').trim()}, ${outcome.from}`, findHarm(outcome, result));
  checkAnswers(trials, what, result);
}

/**
 * Above 16 MiB a body that nobody reads would hold up its own client's request: such copies are not sent.
 * @param size of bodies that are larger than what is copied.
 */
export async function tryUncopied(
  trials: Trials,
  size: Size,
  candidate: BadCandidate,
  behaviours: readonly Behaviour[],
): Promise<void> {
  const { scene, callers } = trials;
  // Its counts begin with this.
  await candidate.behave('answers');
  for (const { call } of callers) await (await call({ bytes: size.bytes, calls: 2, parallel: 1 })).ended;
  const { bytes } = await candidate.count();
  scene.check(`${toText(size.bytes)}: nothing of such a body is copied`, bytes < megabyte);
  const unread = behaviours.map((behaviour) => misbehaves(candidate, behaviour, false));
  const { killed, stopped } = toGatewayFaults(scene.stack);
  await tryFaults({ ...trials, share: 1 }, size, [...unread, stopped, killed]);
}

/** The same harness must show harm where there is some, or it could not fail. @param what is expected to do harm. */
export async function expectHarm(
  trials: Trials,
  size: Size,
  faults: readonly Fault[],
  how: string,
  what: string,
): Promise<void> {
  const result = await run(trials, size, faults);
  show(trials.scene.report, `${toText(size.bytes)}, ${toRateText(result)}, **${how}**`, result);
  const harm = result.outcomes.filter(({ fault }) => fault !== undefined).flatMap((one) => findHarm(one, result));
  trials.scene.check(`${what}, and this harness sees it`, harm.length > 0);
}

async function run(
  { scene, callers, share, spareBytes }: Trials,
  size: Size,
  faults: readonly Fault[],
): Promise<Trial> {
  const { bytes, calmMs } = size;
  const rounds = isThorough ? (size.rounds ?? 1) : 1;
  const rate = Math.max(0.5, size.rate * Math.min(1, share));
  const faultMs = isThorough ? (size.faultMs * size.rate) / rate : size.faultMs;
  const { ingress, client, mirror } = scene.stack;
  const result = await interleave(faults, {
    callers,
    load: { rate, bytes, deadlineMs, isDeadlineHidden: true },
    ...{ rounds, calmMs, faultMs },
    envoys: { ingress, client, mirror },
  });
  const sent = (rate * faultMs * callers.length) / origins.length / 1000;
  return { ...result, rate, mostBytes: toMostBytes(bytes, sent, spareBytes) };
}

function toRateText({ rate }: Trial): string {
  return `${rate.toFixed(rate < 1 ? 1 : 0)}/s`;
}

function checkAnswers({ scene, findOthers }: Trials, what: string, { summaries }: Trial): void {
  const others = [...summaries].flatMap(([from, summary]) => findOthers(summary).map((one) => `${from}: ${one}`));
  scene.check(`${what}: every answer is the primary’s`, others);
  // What happens while a fault begins or ends is in no period of it.
  const failed = [...summaries].flatMap(([from, { sent, answered, errors }]) =>
    sent === answered ? [] : [`${from}: ${sent - answered} of ${sent}: ${JSON.stringify(errors)}`],
  );
  scene.check(`${what}: no call fails, nor while faults begin and end`, failed);
}
