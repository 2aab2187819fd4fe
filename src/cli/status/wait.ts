/** `status --wait`: shows progress while it waits, then the result. */
import type { ReadStatus, StatusReport } from '../../commands/status.ts';
import type { WaitRequest } from '../../commands/wait.ts';
import { waitForGoal } from '../../commands/wait.ts';
import type { Goal } from '../../core/assess/goal.ts';
import type { WaitState } from '../../core/assess/wait.ts';
import { exitCodes, Fault } from '../../core/diagnostics/fault.ts';
import { mask, maskLine, safe } from '../../core/diagnostics/safe-text.ts';
import { systemClock } from '../../io/process/clock.ts';
import { toStatusJson } from '../../output/assessment-json.ts';
import { toMessageLines } from '../../output/assessment-text.ts';
import { shorten } from '../../output/columns.ts';
import { toFirstText } from '../../output/words/pending.ts';
import { toWaitNextText, toWaitText } from '../../output/words/wait.ts';
import type { Wording } from '../../output/words/wording.ts';
import type { Host } from '../host.ts';
import { showProblems } from '../show-problems.ts';
import type { StatusFlags } from './flags.ts';

interface WaitOptions extends WaitRequest {
  readonly readStatus: ReadStatus;
  readonly timeoutMs: number;
  readonly flags: StatusFlags;
  readonly wording: Wording;
  readonly host: Host;
}

/**
 * @returns the exit code: 0 when the goal is reached, 1 when it cannot be by waiting, or was not in time.
 * @throws Fault when the first look fails, or the last ones do.
 */
export async function runWait({
  readStatus,
  timeoutMs,
  flags,
  wording,
  host,
  ...request
}: WaitOptions): Promise<number> {
  const { goal } = request;
  const deadline = AbortSignal.timeout(Math.max(1, timeoutMs));
  const isHere = flags.fetch !== true && flags.live !== true;
  const progress = new Progress(goal, isHere, host);
  let isFirst = true;
  const result = await waitForGoal(request, {
    readStatus: async (signal) => {
      const report = await readStatus(signal);
      // What is only in this clone cannot take effect there.
      if (isFirst && report.revision !== undefined && report.pending !== undefined)
        host.write(2, [`${toFirstText(report.pending, true, wording)}\n`]);
      isFirst = false;
      return report;
    },
    clock: { now: systemClock.now, sleep: (ms, signal) => progress.sleep(ms, signal) },
    deadline,
    onProgress: ({ state, trouble }) =>
      progress.show(trouble === undefined ? toWaitText(state, wording) : maskLine(trouble.message)),
  });
  progress.end();
  switch (result.code) {
    case 'problems':
      showProblems(result.report.problems, host, 2, wording.toPath);
      return exitCodes.problems;
    case 'no-answer':
      throw new Fault(
        'environment',
        safe`timed out after ${mask(flags.timeout)}: ${result.trouble?.message ?? 'there was no answer'}`,
        result.trouble?.hint ?? safe`wait longer with --timeout`,
      );
    case 'checked':
      return report(goal, result.report, result.state, { wording, flags, host });
  }
}

function report(
  goal: Goal,
  { assessments, revision, problems }: StatusReport,
  state: WaitState,
  { wording, flags, host }: { readonly wording: Wording; readonly flags: StatusFlags; readonly host: Host },
): number {
  const { outcome, models } = state;
  const text = toWaitText(state, wording);
  if (flags.output === 'json')
    host.write(1, [toStatusJson(assessments, { revision, problems, wait: { goal, state } }, wording)]);
  else if (outcome === 'reached') host.write(1, [`${text}\n`]);
  if (outcome === 'reached') return exitCodes.fine;
  const what = outcome === 'waiting' ? `timed out after ${flags.timeout}` : `not ${goal}, and waiting does not help`;
  const [first] = models;
  const messages = first === undefined ? [] : toMessageLines(first.model);
  const lines = [...messages, toWaitNextText(first, wording)].map((line) => `    ${line}\n`);
  host.write(2, [`model-mirror: ${what}: ${text}\n`, ...lines]);
  return exitCodes.problems;
}

/** On a terminal one line that is rewritten every second; elsewhere one line per change. */
class Progress {
  readonly #goal: Goal;
  readonly #isHere: boolean;
  readonly #host: Host;
  readonly #inPlace: boolean;
  readonly #start = systemClock.now();
  #shown: string | undefined;

  /** @param isHere only the files of the work tree are read. */
  constructor(goal: Goal, isHere: boolean, host: Host) {
    this.#goal = goal;
    this.#isHere = isHere;
    this.#host = host;
    this.#inPlace = host.isTerminal(2);
  }

  show(text: string): void {
    if (this.#shown === undefined && this.#isHere)
      this.#host.write(2, [
        'only the files in this folder are read: add --fetch or --live to read the branch or the cluster\n',
      ]);
    if (this.#inPlace) {
      const seconds = Math.round((systemClock.now() - this.#start) / 1000);
      const width = (this.#host.size(2)?.columns ?? 80) - 1;
      this.#host.write(2, [`\r\u001b[K${shorten(`waiting until ${this.#goal}, ${seconds} s: ${text}`, width)}`]);
    } else if (text !== this.#shown) this.#host.write(2, [`waiting until ${this.#goal}: ${text}\n`]);
    this.#shown = text;
  }

  /** Meanwhile the seconds go on. */
  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    const end = systemClock.now() + ms;
    for (let left = ms; left > 0 && !signal.aborted; left = end - systemClock.now()) {
      await systemClock.sleep(this.#inPlace ? Math.min(left, 1000) : left, signal);
      if (this.#inPlace && this.#shown !== undefined) this.show(this.#shown);
    }
  }

  end(): void {
    if (this.#inPlace && this.#shown !== undefined) this.#host.write(2, ['\r\u001b[K']);
  }
}
