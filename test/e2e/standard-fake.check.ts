/**
 * The fake of KServe in Standard mode beside the real KServe, its webhooks and Kubernetes' own controllers: the same
 * changes, and the states that a watcher sees of them. One line per change; the exit code is 1 when one differs.
 *
 * `--record` writes what the real ones served into `fixtures/standard-recordings`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Change } from './standard-changes.ts';
import { changes } from './standard-changes.ts';
import { writeRecordings } from './standard-recordings.ts';
import type { Seen } from './standard-side.ts';
import { Side } from './standard-side.ts';

const folder = mkdtempSync(join(tmpdir(), 'model-mirror-kserve-'));
try {
  process.exitCode = (await compare(process.argv.includes('--record'))) ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** @returns whether all are as they should be. */
async function compare(isRecording: boolean): Promise<boolean> {
  const real = await play(await Side.startReal(folder), changes);
  const fake = await play(
    await Side.startFake(),
    changes.filter(({ isRealOnly }) => isRealOnly !== true),
  );
  const troubles = changes.map((change) => report(change, real.get(change.name), fake.get(change.name)));
  const failures = troubles.filter((found) => found.length > 0).length;
  process.stdout.write(`${troubles.length - failures} passed, ${failures} failed\n`);
  if (isRecording && failures === 0) writeRecordings(real);
  return failures === 0;
}

async function play(side: Side, played: readonly Change[]): Promise<Map<string, Seen>> {
  try {
    return new Map(await Promise.all(played.map(async (change) => [change.name, await side.play(change)] as const)));
  } finally {
    await side.close();
  }
}

/** @returns what is not as it should be. */
function report(
  { title, isRealOnly, isSeenByChance = false }: Change,
  real: Seen | undefined,
  fake: Seen | undefined,
): readonly string[] {
  const isSame =
    isRealOnly === true || isDeepStrictEqual(toLasting(real, isSeenByChance), toLasting(fake, isSeenByChance));
  const troubles = [
    ...(real?.troubles ?? []).map((trouble) => `the real one: ${trouble}`),
    ...(fake?.troubles ?? []).map((trouble) => `the fake: ${trouble}`),
    ...(isSame ? [] : [`the real one: ${toLine(real)}`, `the fake:     ${toLine(fake)}`]),
  ];
  process.stdout.write(`${troubles.length === 0 ? 'ok    ' : 'FAILED'} ${title}: ${toLine(real)}\n`);
  for (const trouble of troubles) process.stdout.write(`       ${trouble}\n`);
  return troubles;
}

/**
 * What must be equal: what KServe says at the end of each step, how it ends, and each Ready and Failed on the way. Of what
 * is on its way, the order of three watches decides what is seen.
 */
function toLasting(seen: Seen | undefined, isSeenByChance: boolean): object {
  const lasts = (state: string, i: number, all: readonly string[]) =>
    i === all.length - 1 || /^(?:Ready|Failed|Stopped)/.test(state);
  return { claims: isSeenByChance ? [] : seen?.claims, states: seen?.states.map((states) => states.filter(lasts)) };
}

function toLine(seen: Seen | undefined): string {
  const toStep = (states: readonly string[], i: number) => `${states.join(' → ')} (${seen?.claims[i]})`;
  return seen?.states.map(toStep).join(' | ') ?? 'nothing';
}
