/**
 * What the routes tell the comparer of a model: whom it compares, and by which rules. It travels with the routes that
 * send the copies, so that one write changes both.
 *
 * The text has one form for each task: fields in a fixed order, no space, no line break. What has any other form was
 * written by somebody else, or by a release that counts something that this one does not know: it is no task, and
 * nothing is compared.
 */
import * as v from 'valibot';
import type { AnalysisSubject } from '../input/verdict-schema.ts';
import type { AgreementRules, AnalysisCheck, OutputRule } from './analysis.ts';

export interface AnalysisTask {
  readonly subject: AnalysisSubject;
  /** At least one. */
  readonly checks: readonly AnalysisCheck[];
  /** The primary is asked twice. */
  readonly noise: boolean;
  /** For who judges what was counted. */
  readonly confidence: number;
  readonly minSamples: number;
  /** Of the ramp, at least 1. */
  readonly steps: number;
  /** For how long a step lasts at least. */
  readonly holdMs: number;
  /** What the steps of the ramp mirror, in percent; empty: there is no ramp. */
  readonly shares: readonly number[];
}

/** An API server refuses objects whose annotations are longer together. */
const maxLength = 256 * 1024;

/** One line. */
export function toTaskText({ subject, checks, noise, ...task }: AnalysisTask): string {
  const { confidence, minSamples, steps, holdMs, shares } = task;
  const ordered = {
    subject: orderSubject(subject),
    checks: checks.map(orderCheck),
    noise,
    confidence,
    minSamples,
    steps,
    holdMs,
    shares,
  };
  // JSON leaves them as they are, and some readers break lines there.
  return JSON.stringify(ordered).replace(/[\u0085\u2028\u2029]/g, toEscape);
}

/** Undefined: it is no task. Whatever it holds, reading does not fail. */
export function readTask(text: unknown): AnalysisTask | undefined {
  if (typeof text !== 'string' || text.length > maxLength) return undefined;
  const read = v.safeParse(taskSchema, parseJson(text));
  return read.success && toTaskText(read.output) === text ? read.output : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No JSON, or nested too deeply.
    return undefined;
  }
}

function toEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function orderSubject({ primary, candidate, analysis, step, attempt }: AnalysisSubject): AnalysisSubject {
  return { primary: orderVersion(primary), candidate: orderVersion(candidate), analysis, step, attempt };
}

function orderVersion({ name, digest }: AnalysisSubject['primary']): AnalysisSubject['primary'] {
  return { name, digest };
}

function orderCheck(check: AnalysisCheck): AnalysisCheck {
  const { limit } = check;
  switch (check.code) {
    case 'errors.candidateOnly':
    case 'errors.rate':
      return { code: check.code, limit };
    case 'latency':
      return { code: check.code, limit, overMs: check.overMs };
    case 'slower':
      return { code: check.code, limit, times: check.times };
    case 'agreement':
      return { code: check.code, limit, withinNoise: check.withinNoise, ...orderRules(check) };
  }
}

function orderRules({ outputs, ignore }: AgreementRules): AgreementRules {
  return { outputs: outputs.map(orderRule), ignore };
}

function orderRule({ name, abs, rel, top1, normalized }: OutputRule): OutputRule {
  return { name, abs, rel, top1, normalized };
}

const filled = v.pipe(v.string(), v.minLength(1));
const version = v.strictObject({ name: filled, digest: filled });
const limit = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const atLeast = (least: number) => v.pipe(v.number(), v.finite(), v.minValue(least));

const check = v.variant('code', [
  v.strictObject({ code: v.picklist(['errors.candidateOnly', 'errors.rate']), limit }),
  v.strictObject({ code: v.literal('latency'), limit, overMs: atLeast(0) }),
  v.strictObject({ code: v.literal('slower'), limit, times: atLeast(1) }),
  v.strictObject({
    code: v.literal('agreement'),
    limit,
    withinNoise: v.boolean(),
    outputs: v.array(
      v.strictObject({
        name: filled,
        abs: v.optional(atLeast(0)),
        rel: v.optional(atLeast(0)),
        top1: v.optional(v.boolean()),
        normalized: v.optional(v.boolean()),
      }),
    ),
    ignore: v.array(filled),
  }),
]);

const taskSchema = v.pipe(
  v.strictObject({
    subject: v.strictObject({
      primary: version,
      candidate: version,
      analysis: filled,
      step: count,
      attempt: count,
    }),
    checks: v.pipe(v.array(check), v.minLength(1)),
    noise: v.boolean(),
    confidence: v.pipe(v.number(), v.gtValue(0), v.ltValue(1)),
    minSamples: count,
    steps: v.pipe(count, v.minValue(1)),
    holdMs: count,
    shares: v.array(v.pipe(v.number(), v.gtValue(0), v.maxValue(100))),
  }),
  v.check(({ subject, steps, shares }) => subject.step < steps && steps === Math.max(1, shares.length)),
);
