/**
 * `npm run test:hosts`: the watcher, and what else talks to git hosts, against real servers on loopback. `npm run test:hosts -- gitea`
 * runs one part. A line for each check; the exit code is 1 when one of them fails.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkThat, endChecks } from '../checks.ts';
import { checkGitea } from './gitea.ts';
import { checkOpenSsh } from './openssh.ts';
import { checkSigning } from './signing.ts';

/** Each makes its checks, in a folder of its own; what it throws is a check that failed. */
const parts: Readonly<Record<string, (folder: string) => Promise<void>>> = {
  gitea: checkGitea,
  openssh: checkOpenSsh,
  signing: checkSigning,
};

const names = process.argv.slice(2);
const unknown = names.filter((name) => !Object.hasOwn(parts, name));
if (unknown.length > 0) {
  process.stderr.write(`there is no part ${unknown}: there are ${Object.keys(parts).join(', ')}\n`);
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), 'model-mirror-hosts-'));
try {
  for (const [name, run] of Object.entries(parts)) {
    if (names.length > 0 && !names.includes(name)) continue;
    const place = mkdtempSync(join(folder, `${name}-`));
    await run(place).catch((error: Error) => checkThat(name, () => Promise.reject(error)));
  }
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
endChecks();
// Connections over SSH are kept for as long as their process runs.
process.exit();
