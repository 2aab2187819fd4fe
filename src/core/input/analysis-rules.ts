/** What is wrong with an analysis although each of its fields is right. */
import type * as v from 'valibot';
import type { FieldPath, Finding } from '../diagnostics/problem.ts';
import { join, mask, quote, safe } from '../diagnostics/safe-text.ts';
import type { analysisSchema } from './analysis-schema.ts';
import { toMilliseconds } from './schema-parts.ts';

export type WrittenAnalysis = v.InferOutput<typeof analysisSchema>;
export type WrittenCheck = NonNullable<WrittenAnalysis['checks']>[number];
type WrittenAgreement = NonNullable<WrittenCheck['agreement']>;

/** At a path below `spec.analysis`. */
interface PlacedFinding extends Omit<Finding, 'code'> {
  readonly path: FieldPath;
}

export function checkAnalysis(analysis: WrittenAnalysis | undefined): PlacedFinding[] {
  if (analysis === undefined) return [];
  const { checks, share, noise, comparer, ...others } = analysis;
  // Only where the comparer is: for the analyses of policies in folders below.
  const isAddress = comparer !== undefined && share === undefined && noise === undefined && isEmpty(others);
  if (checks === undefined)
    return share === 0 || isAddress
      ? []
      : [
          {
            path: [],
            message: safe`spec.analysis has no checks, so nothing would be judged`,
            hint: safe`add checks, or write share: 0 to compare nothing`,
          },
        ];
  const earlier = new Map<string, number>();
  return checks.flatMap((check, i): PlacedFinding[] => {
    const path = ['checks', i];
    const wrong = findWrong(check, noise === true);
    if (wrong !== undefined) return [{ ...wrong, path: [...path, ...wrong.path] }];
    const key = toKey(check);
    const first = earlier.get(key);
    if (first === undefined) {
      earlier.set(key, i);
      return [];
    }
    const message = safe`this counts the same as spec.analysis.checks[${first}]`;
    return [{ path, message, hint: safe`keep one of the two` }];
  });
}

function isEmpty(fields: object): boolean {
  return Object.values(fields).every((value) => value === undefined);
}

/** Two checks of one key count the same. */
function toKey({ errors, latency, slower }: WrittenCheck): string {
  if (errors !== undefined) return errors.rate === undefined ? 'errors.candidateOnly' : 'errors.rate';
  if (latency !== undefined) return `latency over ${toMilliseconds(latency.over)}`;
  return slower === undefined ? 'agreement' : `slower than ${slower.than}`;
}

function findWrong(check: WrittenCheck, noise: boolean): PlacedFinding | undefined {
  const kinds = namesOf(check);
  if (kinds.length !== 1) return toNotOne([], kinds, 'a check', safe`errors, latency, slower or agreement`);
  const { errors, agreement } = check;
  if (errors !== undefined) {
    const limits = namesOf(errors);
    return limits.length === 1 ? undefined : toNotOne(['errors'], limits, 'errors', safe`candidateOnly or rate`);
  }
  return agreement && findWrongAgreement(agreement, noise);
}

function namesOf(fields: object): string[] {
  return Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [name]));
}

function toNotOne(
  path: FieldPath,
  names: readonly string[],
  what: 'a check' | 'errors' | 'agreement',
  choices: PlacedFinding['hint'],
): PlacedFinding {
  return names.length === 0
    ? { path, message: safe`${what} without ${choices} says nothing`, hint: safe`write ${choices}` }
    : {
        path,
        message: safe`${what} has ${join(names.map(mask), ' and ')}, of which each is a check of its own`,
        hint: safe`write each as an entry of checks`,
      };
}

function findWrongAgreement(
  { atLeast, withinNoise, outputs = [] }: WrittenAgreement,
  noise: boolean,
): PlacedFinding | undefined {
  const limits = namesOf({ atLeast, withinNoise });
  if (limits.length === 0) return toNotOne(['agreement'], limits, 'agreement', safe`atLeast or withinNoise`);
  if (limits.length > 1)
    return {
      path: ['agreement'],
      message: safe`agreement has atLeast and withinNoise, which are two limits for one number`,
      hint: safe`keep one of them`,
    };
  if (withinNoise !== undefined && !noise)
    return {
      path: ['agreement', 'withinNoise'],
      message: safe`withinNoise needs to know how often the primary disagrees with itself, and the primary is asked only once`,
      hint: safe`write noise: true beside checks, or use atLeast`,
    };
  const names = outputs.map(({ name }) => name);
  for (const [i, { name, abs, rel, top1, normalized }] of outputs.entries()) {
    const path = ['agreement', 'outputs', i];
    if (names.indexOf(name) < i)
      return { path, message: safe`the output ${quote(name)} has a rule already`, hint: safe`keep one of the two` };
    const ways = [
      ...(abs === undefined && rel === undefined ? [] : ['a tolerance']),
      ...(top1 === true ? ['top1'] : []),
      ...(normalized === true ? ['normalized'] : []),
    ] as const;
    if (ways.length > 1)
      return {
        path,
        message: safe`the output ${quote(name)} is compared by ${join(ways.map(mask), ' and by ')}: only one of them can hold`,
        hint: safe`keep one of them`,
      };
  }
  return undefined;
}
