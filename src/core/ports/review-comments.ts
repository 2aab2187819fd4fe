/** The comments of one pull or merge request; `io/review` has one implementation per git host. */
export interface ReviewComments {
  /** All, oldest first. */
  readonly list: () => Promise<readonly ReviewComment[]>;
  /** @returns the comment's address for people. */
  readonly create: (text: string) => Promise<string>;
  readonly update: (id: number, text: string) => Promise<string>;
}

export interface ReviewComment {
  readonly id: number;
  readonly body: string;
  /** Whether it was written with the same token; unknown where the host shows neither who the token is nor what is a program. */
  readonly isOwn: boolean | 'unknown';
}

/** The token is valid, but has no right to do so; the message is the host's, or empty. */
export class NotAllowed extends Error {}
