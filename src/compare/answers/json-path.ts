/** A step of a path: the name of a member, the index of an element, or any of either. */
export type Segment = string | number | undefined;

const steps = /\.([\w-]+)|\[(?:(\d{1,9})|\*)\]/g;

/**
 * A path of JSONPath (RFC 9535) as policies may have it: `$.choices[*].message.content`, of names, indices and `[*]`.
 *
 * @returns undefined for any other text.
 */
export function parseJsonPath(text: string): readonly Segment[] | undefined {
  const found = [...text.matchAll(steps)];
  const length = found.reduce((sum, [step]) => sum + step.length, 1);
  if (!text.startsWith('$') || length !== text.length) return undefined;
  return found.map(([, name, index]) => name ?? (index === undefined ? undefined : Number(index)));
}
