import type { PlaceFlags } from '../flags/places.ts';

/** What the command line may say to `diff`; the names are those of the flags. */
export interface DiffFlags extends PlaceFlags {
  readonly path: string;
  readonly namespace?: string;
  readonly cluster?: string;
  readonly assumeReady?: boolean;
  readonly threshold: string;
  readonly exitCode?: boolean;
  readonly output: 'text' | 'markdown' | 'json';
}
