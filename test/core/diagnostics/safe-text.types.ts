/** What the type system accepts as safe, and what it refuses: checked by `npm run types`, never run. */
import type { SafeText } from '../../../src/core/diagnostics/safe-text.ts';
import { join, mask, quote, safe } from '../../../src/core/diagnostics/safe-text.ts';

declare const foreign: string;
declare const maybe: string | undefined;
declare const names: readonly string[];
declare const literal: 'Ready' | 'Failed';
declare const literals: readonly ('Ready' | 'Failed')[];
declare const text: SafeText;
declare const either: SafeText | 'Ready';
declare const count: number;
declare const isReady: boolean;
// biome-ignore lint/suspicious/noExplicitAny: nothing else shows that it is refused
declare const anything: any;

export const taken: readonly SafeText[] = [
  safe``,
  safe`${text} ${literal} ${either} ${count} ${'a'} ${isReady ? safe`b ${count}` : ''}`,
  safe`${quote(foreign)} ${mask(foreign)} ${join(names.map(mask), ', ')} ${join(literals, ' or ')}`,
  join(['a', text, literal], '\n'),
];

// @ts-expect-error
export const ofString = safe`${foreign}`;
// @ts-expect-error
export const ofUndefined = safe`${maybe}`;
// @ts-expect-error
export const ofTemplate = safe`${text} ${`a ${foreign}`}`;
// @ts-expect-error
export const ofChoice = safe`${isReady ? foreign : 'a'}`;
// @ts-expect-error
export const ofAny = safe`${anything}`;
// @ts-expect-error
export const ofList = safe`${[text]}`;
// @ts-expect-error
export const ofNames = join(names, ', ');
// @ts-expect-error
export const ofSeparator = join([text], foreign);
// @ts-expect-error
export const plain: SafeText = 'a';
// @ts-expect-error
export const joined: SafeText = `${text}a`;
