import type { PlaceFlags } from '../flags/places.ts';

/** What the command line may say to `history`; the names are those of the flags. */
export interface HistoryFlags extends PlaceFlags {
  readonly path: string;
  readonly namespace?: string;
  readonly cluster?: string;
  readonly revision: string;
  readonly since?: string;
  readonly limit?: string;
  readonly output: 'text' | 'json' | 'html';
}
