/** Keeps a report as one comment of a pull or merge request. */
import type { ReviewComments } from '../core/ports/review-comments.ts';
import { NotAllowed } from '../core/ports/review-comments.ts';

export interface CommentRequest {
  readonly text: string;
  /** The beginning of every report. */
  readonly marker: string;
  /** A report without changes replaces an earlier comment, but does not start one. */
  readonly isWithoutChanges: boolean;
}

export type CommentResult =
  | { readonly code: 'written'; readonly address: string }
  | { readonly code: 'nothing-to-report' }
  /** As for pull requests from forks. */
  | { readonly code: 'not-allowed'; readonly reason: string };

export async function keepComment(
  { text, marker, isWithoutChanges }: CommentRequest,
  comments: ReviewComments,
): Promise<CommentResult> {
  try {
    // Other people can write the marker too.
    const own = (await comments.list()).find(({ isOwn, body }) => isOwn && body.startsWith(marker));
    if (own === undefined && isWithoutChanges) return { code: 'nothing-to-report' };
    const address = own === undefined ? await comments.create(text) : await comments.update(own.id, text);
    return { code: 'written', address };
  } catch (error) {
    if (error instanceof NotAllowed) return { code: 'not-allowed', reason: error.message };
    throw error;
  }
}
