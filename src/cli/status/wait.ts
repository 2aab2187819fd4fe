/** `status --wait`: looks again and again, until what is waited for has come, cannot come, or is late. */
import type { Goal } from '../../core/assess/goal.ts';
import type { WaitState } from '../../core/assess/wait.ts';
import { judgeWait } from '../../core/assess/wait.ts';
import { exitCodes, Fault, isFault } from '../../core/diagnostics/fault.ts';
import { hasErrors } from '../../core/diagnostics/problem.ts';
import { mask, maskLine, safe } from '../../core/diagnostics/safe-text.ts';
import { systemClock } from '../../io/process/clock.ts';
import { toStatusJson } from '../../output/assessment-json.ts';
import { toMessageLines } from '../../output/assessment-text.ts';
import { shorten } from '../../output/columns.ts';
import { toFirstText } from '../../output/words/pending.ts';
import { toWaitNextText, toWaitText } from '../../output/words/wait.ts';
import type { Wording } from '../../output/words/wording.ts';
import type { StatusFlags } from '../flags/look-flags.ts';
import { toWording } from '../flags/look-flags.ts';
import type { Places } from '../flags/places.ts';
import type { Host } from '../host.ts';
import { showProblems } from '../show-problems.ts';
import type { Look, Seen } from './look.ts';

interface WaitOptions {
  readonly look: Look;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** How long it must be seen what ends the waiting; what flashes while a model loads does not count. */
  readonly settleMs: number;
  readonly name: string | undefined;
  readonly flags: StatusFlags;
  readonly places: Places;
  readonly host: Host;
}

/**
 * What cannot be looked at at first is a fault; later it is tried again.
 *
 * @returns the exit code: 0 when it has come to that, 1 when it has not in time, or cannot by waiting.
 * @throws Fault when at last it could not be looked.
 */
export async function waitFor(
  goal: Goal,
  { look, intervalMs, timeoutMs, settleMs, name, flags, places, host }: WaitOptions,
): Promise<number> {
  const wording = toWording(flags, places, host);
  const start = systemClock.now();
  const late = AbortSignal.timeout(Math.max(1, timeoutMs));
  const isHere = flags.fetch !== true && flags.live !== true;
  const progress = new Progress(
    goal,
    isHere ? 'only the files here are looked at: add --fetch or --live to look further' : undefined,
    host,
  );
  let last: { readonly seen: Seen; readonly state: WaitState } | undefined;
  let trouble: Fault | undefined;
  let settling: { readonly key: string; readonly since: number } | undefined;
  do {
    try {
      const seen = await look(late);
      trouble = undefined;
      // What waits here cannot come from there.
      if (last === undefined && seen.revision !== undefined && seen.first !== undefined)
        host.write(2, [`${toFirstText(seen.first, true, wording)}\n`]);
      if (hasErrors(seen.problems)) {
        progress.end();
        showProblems(seen.problems, host, 2, places.toShownPath);
        return exitCodes.problems;
      }
      last = { seen, state: judgeWait(seen.assessments, goal, name !== undefined) };
      const { outcome, models } = last.state;
      const key = JSON.stringify(models.map(({ model, reason }) => [model.file, reason]));
      const now = systemClock.now();
      if (settling?.key !== key) settling = { key, since: now };
      if (outcome !== 'waiting') {
        if (models.every(({ isDeclared }) => isDeclared === true) || now - settling.since >= settleMs) break;
        // If the time is over before it has held, it has not come to that.
        last = { seen, state: { outcome: 'waiting', models } };
      }
    } catch (error) {
      if (!isFault(error) || error.code !== 'environment') throw error;
      if (late.aborted) break;
      if (last === undefined) throw error;
      trouble = error;
    }
    progress.tell(trouble === undefined ? toWaitText(last.state, wording) : maskLine(trouble.message), start);
    await progress.sleep(intervalMs, start, late);
  } while (!late.aborted);
  progress.end();
  if (trouble !== undefined || last === undefined)
    throw new Fault(
      'environment',
      safe`timed out after ${mask(flags.timeout)}: ${trouble?.message ?? 'there was no answer'}`,
      trouble?.hint ?? safe`wait longer with --timeout`,
    );
  return report(goal, last.seen, last.state, { wording, flags, host });
}

function report(
  goal: Goal,
  { assessments, revision, problems }: Seen,
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

/** On a terminal a line that is rewritten with the seconds; elsewhere a line a change. */
class Progress {
  readonly #goal: Goal;
  readonly #host: Host;
  readonly #inPlace: boolean;
  readonly #remark: string | undefined;
  #said: string | undefined;

  /** @param remark what to know of it, if there is any waiting. */
  constructor(goal: Goal, remark: string | undefined, host: Host) {
    this.#goal = goal;
    this.#remark = remark;
    this.#host = host;
    this.#inPlace = host.isTerminal(2);
  }

  /** @param start when the waiting began, by the clock. */
  tell(text: string, start: number): void {
    if (this.#said === undefined && this.#remark !== undefined) this.#host.write(2, [`${this.#remark}\n`]);
    if (this.#inPlace) {
      const line = `waiting until ${this.#goal}, ${Math.round((systemClock.now() - start) / 1000)} s: ${text}`;
      const width = (this.#host.size(2)?.columns ?? 80) - 1;
      this.#host.write(2, [`\r\u001b[K${shorten(line, width)}`]);
    } else if (text !== this.#said) this.#host.write(2, [`waiting until ${this.#goal}: ${text}\n`]);
    this.#said = text;
  }

  /** The seconds go on meanwhile. */
  async sleep(ms: number, start: number, signal: AbortSignal): Promise<void> {
    const end = systemClock.now() + ms;
    for (let left = ms; left > 0 && !signal.aborted; left = end - systemClock.now()) {
      await systemClock.sleep(this.#inPlace ? Math.min(left, 1000) : left, signal);
      if (this.#inPlace && this.#said !== undefined) this.tell(this.#said, start);
    }
  }

  end(): void {
    if (this.#inPlace && this.#said !== undefined) this.#host.write(2, ['\r\u001b[K']);
  }
}
