/** Keeps a report as one comment of a pull or merge request. */
import type { ReviewComment, ReviewComments } from '../core/ports/review-comments.ts';
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
  /** As for pull requests from forks; `reason`: the host's, or empty. */
  | { readonly code: 'not-allowed'; readonly reason: string };

/** Whoever writes many comments that begin as a report does must not keep the job from ending. */
const mostTries = 10;

export async function keepComment(
  { text, marker, isWithoutChanges }: CommentRequest,
  comments: ReviewComments,
): Promise<CommentResult> {
  try {
    // Other people can write the marker too.
    const marked = (await comments.list()).filter(({ isOwn, body }) => isOwn !== false && body.startsWith(marker));
    if (marked.length === 0 && isWithoutChanges) return { code: 'nothing-to-report' };
    const address = (await replace(marked, text, comments)) ?? (await comments.create(text));
    return { code: 'written', address };
  } catch (error) {
    if (error instanceof NotAllowed) return { code: 'not-allowed', reason: error.message };
    throw error;
  }
}

/** @returns the address of the comment; undefined: none of them may be changed. */
async function replace(
  marked: readonly ReviewComment[],
  text: string,
  comments: ReviewComments,
): Promise<string | undefined> {
  const own = marked.find(({ isOwn }) => isOwn === true);
  if (own !== undefined) return comments.update(own.id, text);
  for (const { id } of marked.toReversed().slice(0, mostTries))
    try {
      return await comments.update(id, text);
    } catch (error) {
      // It is somebody else's.
      if (!(error instanceof NotAllowed)) throw error;
    }
  return undefined;
}
