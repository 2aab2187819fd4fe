import type { PlaceFlags } from '../flags/places.ts';

/** The flags of `diff`. */
export interface DiffFlags extends PlaceFlags {
  readonly path: string;
  readonly namespace?: string;
  readonly cluster?: string;
  readonly assumeReady?: boolean;
  readonly threshold: string;
  readonly exitCode?: boolean;
  readonly output: 'text' | 'markdown' | 'json';
}
