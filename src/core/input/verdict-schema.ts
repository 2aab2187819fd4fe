/** A verdict in git: what was decided, and all that it follows from. */
import * as v from 'valibot';
import { looseFields, optional, said, text } from './schema-parts.ts';

/** What a judgement is about: once any of it changes, counting begins again. */
export interface AnalysisSubject {
  readonly primary: { readonly name: string; readonly digest: string };
  readonly candidate: { readonly name: string; readonly digest: string };
  /** Of all in the analysis that a verdict depends on. */
  readonly analysis: string;
  /** Of the ramp, from 0; without a ramp 0. */
  readonly step: number;
  /** From 0: how often people had the judgement begin again, although nothing else changed. */
  readonly attempt: number;
}

/** Counts, and the bounds of the true proportion that follow from them. */
interface Bounded {
  readonly bad: number;
  readonly all: number;
  readonly low: number;
  readonly high: number;
}

export interface DecidedCheck extends Bounded {
  readonly check: string;
  readonly limit: number;
  readonly noise?: Bounded | undefined;
}

export interface Decided {
  readonly verdict: 'Passing' | 'Failing';
  readonly by: 'sequence' | 'brake';
  /** RFC 3339, to the second. */
  readonly at: string;
  readonly rule: string;
  readonly confidence: number;
  readonly steps: number;
  readonly minSamples: number;
  /** Of the brake alone. */
  readonly budget?: number | undefined;
  readonly subject: AnalysisSubject;
  readonly checks: readonly DecidedCheck[];
}

/** Nobody can see how the candidate does. */
export interface Undecided {
  readonly verdict: 'Unknown';
  /** A code. */
  readonly reason: string;
  /** How many copies were expected while none arrived, if that is known. */
  readonly expected?: number | undefined;
  readonly subject: AnalysisSubject;
}

/** What a status file has of a candidate's judgement. */
export type WrittenVerdict = Decided | Undecided;

const wholeNumber = () => v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const proportion = () => v.pipe(v.number(), v.minValue(0), v.maxValue(1));

const countedFields = {
  bad: said(wholeNumber(), 'How many calls were bad.'),
  all: said(wholeNumber(), 'Of so many.'),
  low: said(proportion(), 'The true proportion of bad calls is at least this; rounded down.'),
  high: said(proportion(), 'And at most this; rounded up.'),
};

const version = (words: string) =>
  said(looseFields({ name: said(text(), "The InferenceService's name."), digest: said(text(), 'Its digest.') }), words);

const subject = said(
  looseFields({
    primary: version('The primary.'),
    candidate: version('The candidate.'),
    analysis: said(text(), 'A digest of what is counted, and how.'),
    step: said(wholeNumber(), 'The step of the ramp, from 0.'),
    attempt: said(wholeNumber(), 'How often people had the judgement begin again.'),
  }),
  'What the verdict is about.',
);

const decidedFields = {
  verdict: said(v.picklist(['Passing', 'Failing']), 'What was decided.'),
  by: said(
    v.picklist(['sequence', 'brake']),
    'From all calls since counting began (sequence), or from those of five minutes (brake).',
  ),
  at: said(text(), 'What was counted until then (sequence), or from then on for five minutes (brake).'),
  rule: said(text(), 'How the bounds follow from the counts.'),
  confidence: said(proportion(), 'Of all verdicts of the sequence on a candidate together.'),
  steps: said(v.pipe(wholeNumber(), v.minValue(1)), 'How many steps share the confidence.'),
  minSamples: said(wholeNumber(), 'How many calls Passing needs of each check.'),
  budget: optional(proportion(), "The brake's error probability for five minutes, for all checks together."),
  subject,
  checks: said(
    v.pipe(
      v.array(
        looseFields({
          check: said(text(), 'What is counted.'),
          limit: said(proportion(), 'The proportion of bad calls that is accepted.'),
          ...countedFields,
          noise: optional(
            looseFields(countedFields),
            "The primary's disagreement with itself, for a check within noise: limit is a margin above it.",
          ),
        }),
      ),
      v.minLength(1),
    ),
    'The figures of every check.',
  ),
};

const decided = looseFields(decidedFields);

const undecided = looseFields({
  verdict: said(v.literal('Unknown'), 'Nobody can see how the candidate does.'),
  reason: said(text(), 'Why not.'),
  expected: optional(wholeNumber(), 'How many copies were expected while none arrived.'),
  subject,
});

export const verdictSchema: v.GenericSchema<unknown, WrittenVerdict> = v.union([decided, undecided]);

/** Of the step of the ramp before the one that is judged. */
export const passedSchema: v.GenericSchema<unknown, Decided> = looseFields({
  ...decidedFields,
  verdict: said(v.literal('Passing'), 'What was decided.'),
});

export const attemptSchema = wholeNumber();
