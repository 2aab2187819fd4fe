/** Why an answer of the candidate is not the primary's. */
export type DisagreementCode =
  /** An output that only the primary has. */
  | 'missing'
  /** An output that only the candidate has. */
  | 'extra'
  | 'datatype'
  | 'shape'
  | 'values'
  /** Of HTTP or gRPC. */
  | 'status'
  /** Of answers in a format that is not known. */
  | 'bytes'
  /** The candidate's answer is not in the format of the primary's. */
  | 'unreadable';

/** Why nothing is known of two answers: neither agreement nor anything that the candidate did. */
export type Blindness =
  /** A version answered what the other one was asked: the calls did not go where they should. */
  | 'same-version'
  /** An answer in parts, such as server-sent events, whose division into parts and times mean nothing. */
  | 'streamed'
  /** Compressed answers are not unpacked. */
  | 'compressed'
  /** The primary's answer is not in the format that its path and headers promise. */
  | 'unreadable';

/** Never holds a value of an answer: only where it is, and by how much it differs. */
export type Agreement =
  | { readonly agrees: true }
  | {
      readonly agrees: false;
      readonly code: DisagreementCode;
      /** Its name, or in JSON its path without what is in its names. */
      readonly output?: string;
      /** Of the first value that differs, in the flat output; of a row, with `top1`. */
      readonly index?: number;
      /** Between two numbers, as an absolute value. */
      readonly difference?: number;
    }
  | { readonly agrees: undefined; readonly code: Blindness };
