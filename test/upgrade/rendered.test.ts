/** No release renders another InferenceService of the same files than the one before, and none opens or closes a mirror by it. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'ava';
import { findGoldenCases, runGoldenCase } from '../goldens/golden-case.ts';
import {
  addRendered,
  findMirrored,
  findServices,
  type Recorded,
  readFirstRendered,
  releases,
  toRendered,
} from './recorded.ts';

/** This release, given what went into an older one. @returns what it prints. */
async function renderNow({ files, run }: Recorded): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'model-mirror-upgrade-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, 'input', path)), { recursive: true });
      writeFileSync(join(folder, 'input', path), text);
    }
    if (run !== undefined) writeFileSync(join(folder, 'run.json'), run);
    return (await runGoldenCase({ name: 'upgrade', folder })).get('stdout.txt') ?? '';
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const recordings = readdirSync(releases).filter((name) => /^\d/.test(name));

test('there are recordings of releases, with open mirrors and closed ones', (t) => {
  t.true(recordings.includes('0.1.0.json'));
  for (const name of recordings) {
    const cases = Object.values(JSON.parse(readFileSync(join(releases, name), 'utf8')) as Record<string, Recorded>);
    t.true(cases.filter(({ mirrored }) => Object.values(mirrored).some((percentage) => percentage > 0)).length > 30);
    t.true(cases.some(({ mirrored }) => Object.keys(mirrored).length === 0));
    t.true(cases.every(({ services }) => services.length > 0));
  }
});

for (const name of recordings)
  test(`${name}: this release renders the same InferenceServices, byte for byte, and mirrors as much`, async (t) => {
    const cases = JSON.parse(readFileSync(join(releases, name), 'utf8')) as Record<string, Recorded>;
    for (const [title, recorded] of Object.entries(cases)) {
      const text = await renderNow(recorded);
      t.deepEqual(findServices(text), recorded.services, title);
      t.deepEqual(findMirrored(text), recorded.mirrored, title);
    }
  });

test('every golden case renders the InferenceServices that it rendered first', (t) => {
  const { all, changed } = addRendered(readFirstRendered(), toRendered(findGoldenCases()));
  t.true(Object.keys(all).length > 100);
  t.deepEqual(changed, [], 'an upgrade would load models again, and in Standard mode restart Pods');
  t.deepEqual(readFirstRendered(), all, 'npm run goldens adds what is new');
});

test('a digest is kept as long as what goes in is the same', (t) => {
  const before = {
    a: { input: '1', services: 'x' },
    b: { input: '2', services: 'y' },
    gone: { input: '3', services: 'z' },
  };
  const now = {
    a: { input: '1', services: 'other' },
    b: { input: '4', services: 'w' },
    fresh: { input: '5', services: 'v' },
  };
  t.deepEqual(addRendered(before, now), { all: { ...now, a: before.a }, changed: ['a'] });
});
