/** What an answer shows of the version that gave it. */
import type { Answer, DropReason } from '../core/ports/compare.ts';
import { judgeReply } from './answers/judge-reply.ts';
import type { Reply } from './answers/reply.ts';

export type Outcome =
  | { readonly is: 'answered'; readonly reply: Reply; readonly ms: number }
  /** It answered, and nobody here has room for what. */
  | { readonly is: 'unread'; readonly reason: DropReason }
  | { readonly is: 'failed'; readonly code: string; readonly ms: number }
  /** Nobody can tell: a network policy or the mesh may have been in the way. */
  | { readonly is: 'unknown'; readonly code: string };

/** A version that lets the deadline pass has failed: clients would wait for it, too. */
export function toOutcome(answer: Answer, protocol: 'grpc' | 'http'): Outcome {
  switch (answer.is) {
    case 'reply': {
      const { is: _, ms, ...reply } = answer;
      const judged = judgeReply(reply, protocol);
      if (judged.is === 'answered') return { is: 'answered', reply, ms };
      return judged.is === 'failed' ? { ...judged, ms } : judged;
    }
    case 'deadline':
    case 'broken-off':
      return { is: 'failed', code: answer.is, ms: answer.ms };
    case 'unreachable':
    case 'refused':
      return { is: 'unknown', code: answer.is };
    case 'too-large':
      return { is: 'unread', reason: 'too-large' };
    case 'full':
      return { is: 'unread', reason: 'full-bytes' };
    case 'cancelled':
      return { is: 'unread', reason: 'ending' };
  }
}
