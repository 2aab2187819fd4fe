/** Writes what every golden case gives now as what it is to give. Never counts as a green run. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { addRendered, firstRendered, readFirstRendered, toRendered } from '../upgrade/recorded.ts';
import { goldenPages, toGoldenPages } from '../watch/pages-scene.ts';
import { findGoldenCases, runGoldenCase } from './golden-case.ts';

const cases = findGoldenCases();
for (const golden of cases) {
  const expected = join(golden.folder, 'expected');
  const output = await runGoldenCase(golden);
  rmSync(expected, { recursive: true, force: true });
  for (const [name, text] of output) {
    mkdirSync(dirname(join(expected, name)), { recursive: true });
    writeFileSync(join(expected, name), text);
  }
}
const { all, changed } = addRendered(readFirstRendered(), toRendered(cases));
writeFileSync(firstRendered, `${JSON.stringify(all, null, 1)}\n`);
for (const name of changed)
  process.stderr.write(`${name}: an InferenceService is rendered differently, so an upgrade would load models again\n`);
const pages = await toGoldenPages();
mkdirSync(goldenPages, { recursive: true });
for (const [name, text] of pages) writeFileSync(join(goldenPages, name), text);
process.stderr.write(`${cases.length} golden cases written: read the difference in git, then run npm test\n`);
process.exitCode = 1;
