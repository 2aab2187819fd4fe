/** The package as it is published: nothing of the clone in its manifest, and no script that runs when it is installed. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Manifest {
  readonly files: readonly string[];
  readonly [field: string]: unknown;
}

/** Of the clone alone: how it is built and tested. */
const ownFields = ['scripts', 'devDependencies', 'allowScripts', 'ava'];

/**
 * Packs what is built in a tree.
 *
 * @param to the folder that gets the tarball.
 * @returns the tarball's name.
 * @throws Error with what npm says.
 */
export function packPublished(tree: string, to: string): string {
  const stage = mkdtempSync(join(tmpdir(), 'model-mirror-publish-'));
  try {
    const manifest = JSON.parse(readFileSync(join(tree, 'package.json'), 'utf8')) as Manifest;
    for (const file of [...manifest.files, 'LICENSE', 'README.md'])
      cpSync(join(tree, file), join(stage, file), { recursive: true });
    const kept = Object.entries(manifest).filter(([field]) => !ownFields.includes(field));
    writeFileSync(join(stage, 'package.json'), `${JSON.stringify(Object.fromEntries(kept), null, 2)}\n`);
    return execFileSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', to], {
      cwd: stage,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}
