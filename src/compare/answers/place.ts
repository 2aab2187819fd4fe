import type { AgreementRules, OutputRule } from '../../core/analysis/analysis.ts';
import { parseJsonPath, type Segment } from './json-path.ts';

/** Where a comparison is in both answers, and what rules say of it. */
export interface Place {
  readonly isIgnored: boolean;
  /** Of the longest path that leads here or further up; undefined: what is here must be equal. */
  readonly rule: OutputRule | undefined;
  /** Nothing further down has a rule of its own. */
  readonly isSettled: boolean;
  /** No element of an array that is here has a rule of its own, though what is in one may have. */
  readonly isUniform: boolean;
  /** @param step the name of a member or the index of an element. */
  go(step: string | number): Place;
}

interface Path {
  readonly segments: readonly Segment[];
  /** Undefined: what is there is ignored. */
  readonly rule: OutputRule | undefined;
}

/**
 * @param rules a name without `$` is that of an output.
 * @param homes where outputs are: paths, to which an output's name is added.
 * @param ignored paths that are ignored besides.
 * @returns the root of an answer.
 */
export function toPlace(
  rules: AgreementRules,
  homes: readonly (readonly Segment[])[],
  ignored: readonly (readonly Segment[])[] = [],
): Place {
  const locate = (name: string): readonly (readonly Segment[])[] => {
    if (!name.startsWith('$')) return homes.map((home) => [...home, name]);
    const segments = parseJsonPath(name);
    return segments === undefined ? [] : [segments];
  };
  const named = rules.outputs.filter(({ name }) => name !== '*');
  const paths: Path[] = [
    ...named.flatMap((rule) => locate(rule.name).map((segments) => ({ segments, rule }))),
    ...[...rules.ignore.flatMap(locate), ...ignored].map((segments) => ({ segments, rule: undefined })),
  ];
  return makePlace(
    paths,
    0,
    rules.outputs.find(({ name }) => name === '*'),
  );
}

/** @param paths that lead here or further: their first `depth` segments are those of the way here. */
function makePlace(paths: readonly Path[], depth: number, inherited: OutputRule | undefined): Place {
  const here = paths.filter(({ segments }) => segments.length === depth);
  const further = paths.filter(({ segments }) => segments.length > depth);
  const isIgnored = here.some(({ rule }) => rule === undefined);
  const rule = findBest(here)?.rule ?? inherited;
  const known = new Map<string | number, Place>();
  const names = new Set(further.map(({ segments }) => segments[depth]));
  // For all steps that no path names, so that an answer's own names are not kept.
  let other: Place | undefined;
  const next = (step: Segment): Place => {
    const on = further.filter(({ segments }) => segments[depth] === undefined || segments[depth] === step);
    return makePlace(on, depth + 1, rule);
  };
  const place: Place = {
    isIgnored,
    rule,
    isSettled: further.length === 0,
    isUniform: !further.some(({ segments }) => segments.length === depth + 1 && typeof segments[depth] !== 'string'),
    go: (step) => {
      if (further.length === 0) return place;
      if (!names.has(step)) {
        other ??= next(undefined);
        return other;
      }
      const found = known.get(step) ?? next(step);
      known.set(step, found);
      return found;
    },
  };
  return place;
}

/** The one with the fewest wildcards, and of these the first. */
function findBest(paths: readonly Path[]): Path | undefined {
  const count = ({ segments }: Path) => segments.filter((segment) => segment === undefined).length;
  return paths.toSorted((a, b) => count(a) - count(b))[0];
}
