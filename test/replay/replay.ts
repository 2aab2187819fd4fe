/**
 * `npm run replay FOLDER`: runs the recordings of a folder, and of those below it, through `observe/` as the
 * watcher would, in the order of their times over all files. One line per event of an InferenceService:
 *
 *     TIME NAME STATE [REASON]
 *
 * STATE is what is observed at this event: the one that is there, except that a Ready by Standby alone counts
 * only once it has held for the settle time (5 s), as in the status file; until then it is what was there
 * before. A change for the worse is printed at once, though the watcher holds it back for the settle time.
 * An object that is gone is Missing.
 *
 * The clock is that of the recordings. What is observed is committed at once and read back as text, so it
 * passes through the status file. Every InferenceService is observed as a model of its own.
 *
 * Documents that are not part of a recording are reported on standard error, with their place, and skipped;
 * the exit code is then 1.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { mask, safe } from '../../src/core/diagnostics/safe-text.ts';
import { parseStatus } from '../../src/core/input/parse-document.ts';
import type { ModelStatus } from '../../src/core/input/schema.ts';
import type { FollowedService } from '../../src/core/observe/freshness.ts';
import { follow } from '../../src/core/observe/freshness.ts';
import { toKey, toLiveService } from '../../src/core/observe/live-object.ts';
import type { ModelMemory, Observation } from '../../src/core/observe/observed-model.ts';
import { observeModel } from '../../src/core/observe/observed-model.ts';
import { toStatusText } from '../../src/output/status-text.ts';
import type { RecordedEvent } from './recording.ts';
import { readRecording } from './recording.ts';

const settleMs = 5000;

/** A watcher's view of one InferenceService. */
class Watched {
  readonly #event: RecordedEvent;
  #service: FollowedService | undefined;
  #recorded: ModelStatus['status'] | undefined;
  #memory: ModelMemory = {};
  #due: number | undefined;

  constructor(event: RecordedEvent) {
    this.#event = event;
  }

  /** The watcher is another one: all it has is the status file, and what the API serves now. */
  restart(now: number): void {
    this.#pass(now);
    this.#memory = {};
    this.#service = this.#service && follow(undefined, this.#service);
    this.#look(now);
  }

  /** @returns the state and its reason. */
  take({ type, object }: RecordedEvent, now: number): string {
    this.#pass(now);
    this.#service = type === 'DELETED' ? undefined : follow(this.#service, toLiveService(object));
    const is = this.#observe(now, 0).status.primary;
    const recorded = this.#look(now).primary;
    const shown = is?.state === 'Ready' && recorded?.state !== 'Ready' ? recorded : is;
    const { state = 'Pending', reason } = shown ?? {};
    return reason === undefined ? state : `${state} ${mask(reason)}`;
  }

  /** What is due until then happens at its time. */
  #pass(now: number): void {
    while (this.#due !== undefined && this.#due <= now) this.#look(this.#due);
  }

  #look(now: number): ModelStatus['status'] {
    const { name, namespace } = this.#event;
    const { status, memory, due } = this.#observe(now, settleMs);
    const text = toStatusText({ name, namespace, status });
    this.#recorded = parseStatus({ path: 'status.yaml', text }).value?.status;
    this.#memory = memory;
    this.#due = due;
    return status;
  }

  #observe(now: number, wait: number): Observation {
    const { name, namespace } = this.#event;
    return observeModel(
      { name, namespace, primary: name, candidates: [] },
      {
        services: new Map(this.#service && [[toKey(this.#service), this.#service]]),
        routes: new Map(),
        workloads: new Map(),
      },
      this.#recorded,
      this.#memory,
      { now, settleMs: wait },
    );
  }
}

/**
 * @param events in any order; those of one time stay in theirs.
 * @param restartsBefore before which events, counted from 0, the watcher is restarted.
 * @returns a line for each, by their times.
 */
export function replay(
  events: readonly RecordedEvent[],
  restartsBefore: (index: number) => boolean = () => false,
): string[] {
  const all = new Map<string, Watched>();
  return events
    .map((event) => ({ event, now: Date.parse(event.at) }))
    .sort((a, b) => a.now - b.now)
    .map(({ event, now }, i) => {
      if (restartsBefore(i)) for (const watched of all.values()) watched.restart(now);
      const key = `${event.namespace}/${event.name}`;
      const watched = all.get(key) ?? new Watched(event);
      all.set(key, watched);
      return `${event.at} ${mask(event.name)} ${watched.take(event, now)}`;
    });
}

/** Every recording in a folder and below. */
export function readRecordings(folder: string): ReturnType<typeof readRecording> & { readonly files: number } {
  const paths = readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.ya?ml$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const read = paths.map((path) => readRecording(relative('.', path), readFileSync(path, 'utf8')));
  return {
    events: read.flatMap(({ events }) => events),
    problems: read.flatMap(({ problems }) => problems),
    files: paths.length,
  };
}

function main(folder: string | undefined): number {
  if (folder === undefined) {
    process.stderr.write('usage: npm run replay FOLDER\n');
    return 2;
  }
  let read: ReturnType<typeof readRecordings>;
  try {
    read = readRecordings(folder);
  } catch (error) {
    process.stderr.write(safe`${mask(folder)} cannot be read: ${mask(String(error))}\n`);
    return 2;
  }
  if (read.files === 0) {
    process.stderr.write(safe`${mask(folder)} has no recordings: files that end in .yaml\n`);
    return 2;
  }
  process.stdout.write(
    replay(read.events)
      .map((line) => `${line}\n`)
      .join(''),
  );
  for (const problem of read.problems) process.stderr.write(`${problem}\n`);
  if (read.events.length === 0 && read.problems.length === 0) {
    process.stderr.write(safe`${mask(folder)} has no events of InferenceServices: nothing was replayed\n`);
    return 2;
  }
  return read.problems.length === 0 ? 0 : 1;
}

if (import.meta.main) process.exitCode = main(process.argv[2]);
