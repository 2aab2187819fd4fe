import { parse } from 'yaml';
import type { Manifest } from '../../src/core/manifests/manifest.ts';
import { findGoldenCases, readExpected } from './golden-case.ts';

/** Every object that a golden case expects, with the case's name. */
export function findRenderedObjects(
  kinds: readonly string[],
): { readonly golden: string; readonly object: Manifest }[] {
  return findGoldenCases().flatMap((golden) => {
    const text = readExpected(golden).get('stdout.txt');
    if (text === undefined || !/^(apiVersion: |\{"apiVersion")/.test(text)) return [];
    const objects = text.startsWith('{')
      ? text
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line) as Manifest)
      : text
          .split(/^---$/m)
          .filter((document) => kinds.some((kind) => document.includes(`kind: ${kind}\n`)))
          .map((document) => parse(document) as Manifest);
    return objects.filter(({ kind }) => kinds.includes(kind)).map((object) => ({ golden: golden.name, object }));
  });
}
