/** A step of a path: the name of a member, the index of an element, or any of either. */
export type Segment = string | number | undefined;

const quoted = /^\['((?:[^'\\]|\\.)*)'\]|^\["((?:[^"\\]|\\.)*)"\]/;
const plain = /^\.([^.[\]*'"\s]+)/;
const index = /^\[(\d{1,9})\]/;
const any = /^(?:\.\*|\[\*\])/;

/**
 * A path of JSONPath (RFC 9535) made of names, indices and wildcards: `$.choices[*].message['content']`.
 *
 * @returns undefined for any other text, such as one with `..`, a slice or a filter.
 */
export function parseJsonPath(text: string): readonly Segment[] | undefined {
  if (!text.startsWith('$')) return undefined;
  const segments: Segment[] = [];
  let rest = text.slice(1);
  while (rest !== '') {
    const [step, segment] = readSegment(rest);
    if (step === '') return undefined;
    segments.push(segment);
    rest = rest.slice(step.length);
  }
  return segments;
}

function readSegment(rest: string): readonly [string, Segment] {
  const [wildcard] = any.exec(rest) ?? [];
  if (wildcard !== undefined) return [wildcard, undefined];
  const [element, position] = index.exec(rest) ?? [];
  if (element !== undefined) return [element, Number(position)];
  const [member, name] = plain.exec(rest) ?? [];
  if (member !== undefined && name !== undefined) return [member, name];
  const [bracket = '', single, double] = quoted.exec(rest) ?? [];
  return [bracket, (single ?? double ?? '').replace(/\\(.)/gs, '$1')];
}
