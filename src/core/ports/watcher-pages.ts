/** Where people read what a watcher is judging; `io/` implements it. */
import type { PageTrouble } from '../analysis/live-result.ts';

/** What a request for a page has led to; `answered`: with this text, whoever wrote it. */
export type PageReading = { readonly code: 'answered'; readonly status: number; readonly text: string } | PageTrouble;

export interface WatcherPages {
  /**
   * Does not fail, whatever the other side sends.
   *
   * @param path absolute, of characters that need no escape.
   */
  readonly read: (path: string, signal: AbortSignal) => Promise<PageReading>;
}

/** Where a watcher is asked. */
export type WatcherPlace =
  | { readonly code: 'address'; readonly address: string }
  | {
      readonly code: 'service';
      readonly namespace: string;
      readonly name: string;
      /** Its name or number. */
      readonly port: string;
    };
