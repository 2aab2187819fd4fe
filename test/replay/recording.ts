/**
 * Recordings of a real controller: YAML files of many documents, each with its time (`at`). An event has
 * `event` and the `object` as the API served it. Between the events stands what else was recorded: routes,
 * what ModelMesh itself said, and what a watcher committed then. `observeSays` is what the release of that
 * time made of the event: no expectation.
 */
import { isMap, LineCounter, parseAllDocuments } from 'yaml';
import type { SafeText } from '../../src/core/diagnostics/safe-text.ts';
import { join, mask, quote, safe } from '../../src/core/diagnostics/safe-text.ts';
import { valueAt } from '../../src/core/input/plain-value.ts';

export interface RecordedEvent {
  /** As it is written, ISO 8601 in UTC. */
  readonly at: string;
  readonly type: (typeof types)[number];
  readonly object: unknown;
  readonly namespace: string;
  readonly name: string;
}

const types = ['ADDED', 'MODIFIED', 'DELETED', 'LISTED'] as const;

/** What is recorded beside the events. */
const others = ['virtualService', 'modelMeshItselfSays', 'watcherCommitted'];

const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?Z$/;

/**
 * @param path for places.
 * @returns the events in the order of the file, and a line for each document that is neither an event nor
 *   anything else that is recorded.
 */
export function readRecording(
  path: string,
  text: string,
): { readonly events: readonly RecordedEvent[]; readonly problems: readonly SafeText[] } {
  const lines = new LineCounter();
  const events: RecordedEvent[] = [];
  const problems: SafeText[] = [];
  for (const document of [parseAllDocuments(text, { lineCounter: lines })].flat()) {
    const report = (offset: number, message: SafeText) => {
      const { line, col } = lines.linePos(offset);
      problems.push(safe`${mask(path)}:${line}:${col}: ${message}`);
    };
    const [error] = document.errors;
    if (error !== undefined) {
      report(error.pos[0], safe`not YAML: ${mask(error.message.split('\n')[0] ?? '')}`);
      continue;
    }
    const start = document.contents?.range?.[0] ?? document.range[0];
    const found = isMap(document.contents) ? toEvent(document.toJS()) : safe`not a map of fields`;
    if (typeof found === 'string') report(start, found);
    else if (found !== undefined) events.push(found);
  }
  return { events, problems };
}

/** The event, undefined for what else is recorded, or what is wrong. */
function toEvent(value: unknown): RecordedEvent | SafeText | undefined {
  const at = valueAt(value, ['at']);
  if (typeof at !== 'string' || !time.test(at) || Number.isNaN(Date.parse(at)))
    return safe`at is not a time such as 2026-11-25T22:37:01.011Z`;
  if (others.some((key) => valueAt(value, [key]) !== undefined)) return undefined;
  const type = types.find((known) => known === valueAt(value, ['event']));
  if (type === undefined) return safe`event is none of ${join(types, ', ')}`;
  const object = valueAt(value, ['object']);
  const kind = valueAt(object, ['kind']);
  if (kind !== 'InferenceService')
    return safe`object is not an InferenceService${typeof kind === 'string' ? safe`, but ${quote(kind)}` : ''}`;
  const [name, namespace, uid] = ['name', 'namespace', 'uid'].map((key) => valueAt(object, ['metadata', key]));
  if (typeof name !== 'string' || typeof namespace !== 'string' || typeof uid !== 'string')
    return safe`object.metadata has no name, namespace or uid`;
  return { at, type, object, namespace, name };
}
