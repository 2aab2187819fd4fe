import type { PlaceFlags } from '../flags/places.ts';

/** The flags of `history`. */
export interface HistoryFlags extends PlaceFlags {
  readonly path: string;
  readonly namespace?: string;
  readonly cluster?: string;
  readonly revision: string;
  readonly since?: string;
  readonly limit?: string;
  readonly output: 'text' | 'json' | 'html';
}
