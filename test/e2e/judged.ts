/** Candidates that are called until a verdict on them is in git, in either mode, and what must be so then. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import type { LoadSummary } from './load.ts';
import { folderOf } from './model-files.ts';
import { hangMs, until } from './program.ts';
import type { GitStatus, Scene } from './scene.ts';
import { program } from './scene.ts';
import { seconds } from './statistics.ts';
import type { Traffic } from './traffic.ts';
import { origins } from './traffic.ts';
import { isThorough } from './trials.ts';

export type Verdict = NonNullable<NonNullable<GitStatus['candidate']>['verdict']>;

export interface Expected {
  readonly model: string;
  /** What the candidate is like. */
  readonly what: string;
  readonly verdict: 'Passing' | 'Failing';
  /** Verdicts that git has before it. */
  readonly earlier?: readonly string[];
  /** Of Failing: by a check whose id begins so, of whose calls this share is bad in truth. */
  readonly by?: { readonly check: string; readonly bad: number };
  /** Calls from each side until they are stopped. */
  readonly call: () => Promise<readonly Traffic[]>;
  /** How many calls the candidate has got. */
  readonly countCopies: () => number | Promise<number>;
  /** What of the calls was not answered by the primary. */
  readonly findOthers: (summary: LoadSummary) => readonly string[];
  /**
   * The aim: from the candidate's first answer to the verdict, and with Failing to the closed route. It is judged where cases are
   * tried thoroughly, and shown elsewhere: other cases and programs may share the cores.
   */
  readonly withinMs?: number;
}

const columns = [
  ...['model', 'the candidate', 'verdict in git', 'by', 'bad of all samples'],
  ...['calls of clients', 'after', 'aim'],
];

/**
 * The time begins with the first copy's answer, which is there before any sample's.
 * @returns the verdict.
 */
export async function becomes(scene: Scene, expected: Expected): Promise<Verdict | undefined> {
  const { model, what, verdict, earlier = [], withinMs } = expected;
  const traffic = await expected.call();
  await until(`the candidate of ${model} gets a call`, async () => (await expected.countCopies()) > 0);
  const since = Date.now();
  await untilVerdict(scene, model, verdict);
  const ended = verdict === 'Failing' ? await scene.untilMirrored(undefined, model) : Date.now();
  const summaries = await Promise.all(traffic.map((one) => one.stop()));
  const found = await findVerdict(scene, model);
  const calls = summaries.reduce((sum, { sent }) => sum + sent, 0);
  const aim = withinMs === undefined ? '' : `${withinMs / 1000} s${ended - since <= withinMs ? '' : ' (!)'}`;
  const counts = toCounts(found);
  scene.row(columns, [model, what, verdict, found?.by ?? '', counts, calls, seconds(ended - since), aim]);
  for (const [i, summary] of summaries.entries())
    scene.check(`${model}: every call is answered by the primary, ${origins[i]}`, expected.findOthers(summary));
  scene.check(`${model}: the figures are those of such a candidate`, findWrongFigures(found, expected));
  // On a machine that is too busy for the samples, it is also said for a while that nobody sees how the candidate does.
  const decided = (await verdictsOf(scene, model)).filter((word) => word !== 'Unknown');
  scene.equal(`${model}: one verdict, in one commit`, decided, [...earlier, verdict]);
  if (withinMs !== undefined && isThorough)
    scene.check(
      `${model}: closed within ${withinMs / 1000} s of the first bad answer`,
      ended - since <= withinMs ? [] : [seconds(ended - since)],
    );
  return found;
}

export async function untilVerdict(scene: Scene, model: string, verdict: string, limitMs = hangMs): Promise<void> {
  const isSo = ({ candidate }: GitStatus) => candidate?.verdict?.verdict === verdict;
  await scene.untilStatus(`it is ${verdict}`, isSo, model, limitMs);
}

export async function findVerdict(scene: Scene, model: string): Promise<Verdict | undefined> {
  return (await scene.status(model))?.candidate?.verdict;
}

/** Of each verdict that a commit wrote, the word; the oldest first. */
export async function verdictsOf(scene: Scene, model: string): Promise<string[]> {
  const versions = await scene.stack.repository.versionsOf(`${folderOf(model)}/status.yaml`);
  const verdicts = versions.map(({ text }) => {
    const { status } = parse(text ?? 'status: {}') as { status: { candidates?: readonly { verdict?: Verdict }[] } };
    return status.candidates?.[0]?.verdict;
  });
  const isOther = (i: number) => JSON.stringify(verdicts[i]) !== JSON.stringify(verdicts[i - 1]);
  return verdicts.flatMap((verdict, i) => (verdict !== undefined && isOther(i) ? verdict.verdict : []));
}

/** Every verdict in git's history follows from its numbers. */
export async function verify(scene: Scene, ...models: readonly string[]): Promise<void> {
  const { repository } = scene.stack;
  await repository.update();
  for (const model of models) {
    const words = [program, 'analysis', model, '--verify'];
    const ran = promisify(execFile)(process.execPath, words, { cwd: repository.folder });
    const trouble = await ran.then(
      ({ stdout }) => (/Passing|Failing/.test(stdout) ? [] : [stdout]),
      (error: Error) => [error.message],
    );
    scene.check(`${model}: what is in git follows from its numbers`, trouble);
  }
}

export function toCounts(verdict: Verdict | undefined): string {
  return (verdict?.checks ?? []).map(({ check, bad, all }) => `${check} ${bad} of ${all}`).join(', ');
}

function findWrongFigures(found: Verdict | undefined, { verdict, by }: Expected): string[] {
  const checks = found?.checks ?? [];
  const isWithin = ({ bad, all, limit, noise }: (typeof checks)[number]) =>
    all > 0 && bad / all <= limit + (noise === undefined ? 0 : noise.bad / noise.all);
  const wrong =
    verdict === 'Passing'
      ? checks.filter((check) => !isWithin(check))
      : checks.some(
            ({ check, bad, all }) => check.startsWith(by?.check ?? '') && bad > 0 && bad >= (all * (by?.bad ?? 0)) / 2,
          )
        ? []
        : checks;
  return checks.length === 0 || wrong.length > 0 ? [toCounts(found)] : [];
}
