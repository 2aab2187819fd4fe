/** Asks both versions the same, at the same moment. */
import type { Answer } from '../core/ports/compare.ts';
import type { Outcome } from './outcome.ts';
import { toOutcome } from './outcome.ts';

export interface PairOutcomes {
  readonly primary: Outcome;
  readonly candidate: Outcome;
  /** The primary's second answer; undefined: it was asked once. */
  readonly again: Outcome | undefined;
}

export interface PairAsking {
  readonly protocol: 'grpc' | 'http';
  /** The primary is asked twice. */
  readonly noise: boolean;
  /** Left to chance: whoever is asked first may have an advantage. */
  readonly primaryFirst: boolean;
  readonly ask: (version: 'primary' | 'candidate', done: (answer: Answer) => void) => void;
  /** For each answer of the primary. */
  readonly onPrimary: (outcome: Outcome, ms: number) => void;
  /** Nothing of this pair is in flight at the primary any more. */
  readonly onLeft: () => void;
  /** @param waitedMs how long the slower version took. */
  readonly onDone: (outcomes: PairOutcomes, waitedMs: number) => void;
}

export function askPair({ protocol, noise, primaryFirst, ask, onPrimary, onLeft, onDone }: PairAsking): void {
  let primary: Outcome | undefined;
  let again: Outcome | undefined;
  let candidate: Outcome | undefined;
  let isLeft = false;
  let primaryMs = 0;
  let candidateMs = 0;
  const settle = () => {
    if (primary === undefined || candidate === undefined || !isLeft) return;
    onDone({ primary, candidate, again }, Math.max(primaryMs, candidateMs));
  };
  const leave = () => {
    isLeft = true;
    onLeft();
    settle();
  };
  const askPrimary = (take: (outcome: Outcome) => void) =>
    ask('primary', (answer) => {
      const outcome = toOutcome(answer, protocol);
      primaryMs += answer.ms;
      onPrimary(outcome, answer.ms);
      take(outcome);
    });
  const askFirst = () =>
    askPrimary((outcome) => {
      primary = outcome;
      // One after the other: a pair never has two calls at the primary.
      if (noise && outcome.is === 'answered') askSecond();
      else leave();
    });
  const askSecond = () =>
    askPrimary((outcome) => {
      again = outcome;
      leave();
    });
  const askCandidate = () =>
    ask('candidate', (answer) => {
      candidate = toOutcome(answer, protocol);
      candidateMs = answer.ms;
      settle();
    });
  for (const start of primaryFirst ? [askFirst, askCandidate] : [askCandidate, askFirst]) start();
}
