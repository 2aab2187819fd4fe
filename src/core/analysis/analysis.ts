/** How a candidate is judged, as policies say it: values alone. */

/** How outputs of two versions are compared; an output without a rule must be equal. */
export interface OutputRule {
  /** The output's name, a JSON path of one (`$.choices[*].message.content`), or `*` for all others. */
  readonly name: string;
  /** Numbers agree within `abs + rel × |the primary's|`. */
  readonly abs?: number | undefined;
  readonly rel?: number | undefined;
  /** Only the index of the largest value counts; of several equally large ones any. */
  readonly top1?: boolean | undefined;
  /** Texts agree that differ in case, white space and Unicode form alone. */
  readonly normalized?: boolean | undefined;
}

/** What a request's two answers must have in common. */
export interface AgreementRules {
  readonly outputs: readonly OutputRule[];
  /** JSON paths that are not compared. */
  readonly ignore: readonly string[];
}

/** A check is a proportion, `bad` of `all`, with a limit between 0 and 1 that `bad / all` should not exceed. */
interface Limited {
  readonly limit: number;
}

export type AnalysisCheck =
  /** Pairs in which the candidate fails although the primary answers. */
  | (Limited & { readonly code: 'errors.candidateOnly' })
  /** Calls of the candidate that fail. */
  | (Limited & { readonly code: 'errors.rate' })
  /** Answers of the candidate that take longer. */
  | (Limited & { readonly code: 'latency'; readonly overMs: number })
  /** Pairs of answers in which the candidate took more than `times` as long as the primary, plus 5 ms. */
  | (Limited & { readonly code: 'slower'; readonly times: number })
  /** Pairs of answers that disagree; with `withinNoise`, `limit` is a margin above the primary's own disagreement. */
  | (Limited & { readonly code: 'agreement'; readonly withinNoise: boolean } & AgreementRules);

/** The steps in which a candidate gets more copies. */
export interface Ramp {
  /** In percent of the requests, each more than the one before; at least one. */
  readonly steps: readonly number[];
  /** For how long a step lasts at least: as it is written, and in ms. */
  readonly hold: string;
  readonly holdMs: number;
}

export interface Analysis {
  /** Percent of the requests that the comparer gets a copy of. */
  readonly share: number;
  /** For Passing only. */
  readonly minSamples: number;
  /** Of all checks and steps of a candidate together, between 0 and 1. */
  readonly confidence: number;
  /** The primary is asked twice. */
  readonly noise: boolean;
  /** At least one. */
  readonly checks: readonly AnalysisCheck[];
  readonly onFailing: 'Close' | 'Keep';
  /** Absent: there is one step, and nothing to hold. */
  readonly ramp?: Ramp | undefined;
}
