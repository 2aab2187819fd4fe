import type { PlaceFlags } from './places.ts';

/** What the command line may say to `model-mirror explain`; the names are those of the flags. */
export interface ExplainFlags extends PlaceFlags {
  readonly path: string;
  readonly cluster?: string;
  readonly namespace?: string;
  readonly all?: boolean;
  readonly output: 'text' | 'json';
}
