/** What the played commands have sent to a cluster that is not there. */
import { readFileSync } from 'node:fs';
import type { Built } from './kustomize.ts';
import { toLabel } from './kustomize.ts';

/** A line of the record. */
export interface Sent {
  readonly object: Built;
  readonly isRemoved: boolean;
}

/** What is there after all lines, in the order in which it came. */
export function readRecord(file: string): Built[] {
  const there = new Map<string, Built>();
  for (const line of readFileSync(file, 'utf8').split('\n').filter(Boolean)) {
    const { object, isRemoved } = JSON.parse(line) as Sent;
    if (isRemoved) there.delete(toLabel(object));
    else there.set(toLabel(object), object);
  }
  return [...there.values()];
}
