/** Calls that go on while the primary becomes another version: each is answered by the old one or by the new one. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadSummary } from './load.ts';
import type { Call } from './standard-models.ts';
import { countAnswers } from './standard-models.ts';
import type { StandardScene } from './standard-scene.ts';
import { seconds } from './statistics.ts';
import { origins } from './traffic.ts';

const rate = 50;
const columns = [
  `${rate} calls/s while`,
  'from',
  'calls',
  'by the old',
  'by the new',
  'failed',
  'until git says Ready',
];

export interface Change {
  /** What happens meanwhile. */
  readonly what: string;
  /** The model; default wisdom. */
  readonly model?: string;
  readonly from: string;
  readonly to: string;
  /** How they are called; default V1. */
  readonly call?: Call;
  /** @returns when Argo CD was notified of it. */
  readonly make: () => Promise<number>;
  /** Until nothing of the old version is left: until then calls may fail. */
  readonly untilOver: () => Promise<void>;
}

/** What became of the calls from each side. */
export async function callDuring(
  scene: StandardScene,
  { what, model = 'wisdom', from, to, call = 'V1', make, untilOver }: Change,
): Promise<readonly LoadSummary[]> {
  const traffic = await scene.callFromBoth({ model, rate, call });
  await sleep(500);
  const notified = await make();
  await scene.untilStatus(
    `${to} is the primary and ready`,
    ({ primary }) => primary?.version === to && primary.state === 'Ready',
    model,
  );
  const took = Date.now() - notified;
  await untilOver();
  // What is on its way to a Pod that is gone has failed by then.
  await sleep(1000);
  const summaries = await Promise.all(traffic.map((one) => one.stop()));
  for (const [i, { sent, answered, errors, byModel }] of summaries.entries()) {
    const answers = countAnswers(byModel);
    const count = (version: string) => answers[scene.predictionOf(version, call, model)] ?? 0;
    const failed = sent === answered ? 0 : `${sent - answered}: ${Object.keys(errors).join(', ')}`;
    scene.row(columns, [what, origins[i] ?? '', sent, count(from), count(to), failed, seconds(took)]);
  }
  return summaries;
}

/** As `callDuring`, where no call may fail. */
export async function expectAnswersDuring(scene: StandardScene, change: Change): Promise<void> {
  const { what, model, from, to, call } = change;
  const predictions = [from, to].map((version) => scene.predictionOf(version, call, model));
  for (const [i, summary] of (await callDuring(scene, change)).entries()) {
    const answers = countAnswers(summary.byModel);
    scene.check(`no call fails while ${what}, ${origins[i]}`, [
      ...scene.findUnpredicted(summary, [from, to], call, model),
      ...predictions.filter((one) => answers[one] === undefined).map((one) => `nobody answered ${one}`),
    ]);
  }
}
