import type { Decided, DecidedCheck } from '../input/verdict-schema.ts';
import { ruleName } from './beta-binomial.ts';
import { brakeBudget, computeAlpha } from './budget.ts';
import { toWritten } from './decided.ts';
import { type CheckFigures, computeFigures, toStanding } from './figures.ts';

/** What does not follow in a verdict from the numbers beside it. */
export type Discrepancy =
  /** No Passing of the step before is in git, about the same versions, analysis and attempt. */
  | { readonly code: 'step-before'; readonly step: number }
  /** No rule of this program has that name. */
  | { readonly code: 'unknown-rule'; readonly rule: string }
  /** The error probability is not one that the verdict may have. */
  | { readonly code: 'budget' }
  | { readonly code: 'repeated-check'; readonly check: string }
  | { readonly code: 'counts'; readonly check: string }
  | {
      readonly code: 'bound';
      readonly check: string;
      readonly bound: 'low' | 'high' | 'noise.low' | 'noise.high';
      readonly written: number;
      readonly computed: number;
    }
  /** Failing, but no check exceeds its limit. */
  | { readonly code: 'nothing-over' }
  /** Passing, but this check may exceed its limit. */
  | { readonly code: 'not-within'; readonly check: string }
  /** Passing, with fewer calls than it needs. */
  | { readonly code: 'too-few'; readonly check: string; readonly all: number; readonly needed: number };

/** Recomputes a verdict from its counts. Empty: it follows from them. */
export function verify(decided: Decided): readonly Discrepancy[] {
  const { rule, verdict, by, checks, minSamples } = decided;
  if (rule !== ruleName) return [{ code: 'unknown-rule', rule }];
  const alpha = toAlpha(decided);
  if (alpha === undefined) return [{ code: 'budget' }];
  const discrepancies: Discrepancy[] = [];
  const ids = new Set<string>();
  const standings = new Set<string>();
  for (const written of checks) {
    const { check } = written;
    if (ids.has(check)) discrepancies.push({ code: 'repeated-check', check });
    ids.add(check);
    if (!areCounts(written)) {
      discrepancies.push({ code: 'counts', check });
      continue;
    }
    const figures = recompute(written, alpha);
    discrepancies.push(...compareBounds(written, toWritten(figures)));
    const standing = toStanding(figures);
    standings.add(standing);
    if (verdict === 'Passing' && standing !== 'within') discrepancies.push({ code: 'not-within', check });
    if (verdict === 'Passing' && written.all < minSamples)
      discrepancies.push({ code: 'too-few', check, all: written.all, needed: minSamples });
  }
  if (verdict === 'Failing' && !standings.has('over')) discrepancies.push({ code: 'nothing-over' });
  if (verdict === 'Passing' && by === 'brake') discrepancies.push({ code: 'budget' });
  return discrepancies;
}

function toAlpha({ by, budget, confidence, steps, checks }: Decided): number | undefined {
  if (by === 'brake') return budget === brakeBudget ? budget / checks.length : undefined;
  return confidence < 1 ? computeAlpha(confidence, checks.length, steps) : undefined;
}

function areCounts({ bad, all, noise }: DecidedCheck): boolean {
  return bad <= all && (noise === undefined || noise.bad <= noise.all);
}

function recompute({ check, limit, bad, all, noise }: DecidedCheck, alpha: number): CheckFigures {
  const count = { bad, all, noiseBad: noise?.bad ?? 0, noiseAll: noise?.all ?? 0 };
  return computeFigures({ id: check, limit, withinNoise: noise !== undefined }, count, alpha);
}

function compareBounds(written: DecidedCheck, computed: DecidedCheck): readonly Discrepancy[] {
  const bounds = [
    ['low', written.low, computed.low],
    ['high', written.high, computed.high],
    ['noise.low', written.noise?.low, computed.noise?.low],
    ['noise.high', written.noise?.high, computed.noise?.high],
  ] as const;
  return bounds.flatMap(([bound, one, other]) =>
    one === undefined || other === undefined || one === other
      ? []
      : [{ code: 'bound', check: written.check, bound, written: one, computed: other } as const],
  );
}
