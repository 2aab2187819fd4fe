/** How calls of one protocol are sent; `load.ts` paces and counts them. */
export interface CallOptions {
  /** `IP:PORT`. */
  readonly to: string;
  /** Several take turns. */
  readonly authority: string | readonly string[];
  /** Default 4. */
  readonly connections?: number;
  /** Names and values; a repeated name goes out repeated. */
  readonly headers?: readonly (readonly [string, string])[];
  /** gRPC: whether the deadline is kept to oneself. */
  readonly isDeadlineHidden?: boolean;
  /** gRPC: in the body; default none. */
  readonly modelName?: string;
  /** In the body too: the call's id. */
  readonly id?: string;
  /** How long the body is at least. */
  readonly bytes?: number;
  /** The features of samples, which take turns: answers are then told apart by what was predicted, too. */
  readonly inputs?: readonly (readonly number[])[];
  /** Makes it a call by REST: V1 where it ends in `:predict`, V2 otherwise. */
  readonly path?: string;
}

/** @param by the model and the prediction in an answer; to be called once more does no harm. */
export type End = (error: string | undefined, by?: string) => void;

export interface Caller {
  /** @returns how to give up on the call. */
  readonly send: (index: number, end: End) => () => void;
  /** No call is under way any more. */
  readonly close: () => void;
}

/** The model's name in an answer, and what it predicts. */
export function describeAnswer(model: string, predicted: unknown): string {
  return predicted === undefined ? model : `${model} ${JSON.stringify(predicted)}`.trim();
}

/** Node sends an array as so many headers. */
export function toOutgoing(headers: CallOptions['headers'] = []): Record<string, string[]> {
  const grouped = Map.groupBy(headers, ([name]) => name.toLowerCase());
  return Object.fromEntries([...grouped].map(([name, all]) => [name, all.map(([, value]) => value)]));
}
