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
  /** Written with the same token, as far as the host shows. */
  readonly isOwn: boolean;
}

/** The token is valid, but has no right to comment. */
export class NotAllowed extends Error {}
