/**
 * Where the project is: the one address that its files name. `npm run address -- URL` moves it, here and in every file that git has.
 * A test finds what names another one.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const address = 'https://git.example.com/model-mirror/model-mirror';

const root = join(import.meta.dirname, '..');

/** The fields of package.json that follow from it. */
export function toManifestFields(of: string): object {
  return {
    homepage: `${of}#readme`,
    bugs: { url: `${of}/issues` },
    repository: { type: 'git', url: `git+${of}.git` },
  };
}

/** @returns the files that git has and that name the address, this one included. */
export function findNaming(): string[] {
  const found = execFileSync('git', ['grep', '-l', '--fixed-strings', '--', address], { cwd: root, encoding: 'utf8' });
  return found.trim().split('\n');
}

if (process.argv[1] === import.meta.filename) {
  const [next = ''] = process.argv.slice(2);
  if (/^https:\/\/[^\s/]+\/\S*[^\s/]$/.test(next) && !next.endsWith('.git')) {
    for (const file of findNaming()) {
      const path = join(root, file);
      writeFileSync(path, readFileSync(path, 'utf8').replaceAll(address, next));
      process.stdout.write(`${file}\n`);
    }
  } else {
    process.stderr.write(
      'address: give the address of the project, as in npm run address -- https://git.example.com/ml/mirror\n',
    );
    process.exitCode = 2;
  }
}
