/**
 * Several small test files in one process: starting one for each takes longer than their tests do. `ava.js` writes a file that
 * imports them, and loads this one first in each process: it gives them an `ava` that puts the file's name before its titles.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

const root = new URL('..', import.meta.url);
const folder = '.together';

/** Pure, or nearly so: they neither start processes or servers nor wait. */
const pure = /^test\/(core|output|commands|linear|upgrade|install|release|compare\/answers)\//;
const pureAtOnce = 30;
/** The others have servers and processes of their own, and wait for them: fewer, as one that computes holds up the others. */
const othersAtOnce = 6;
/** Calls with deadlines, thousands at once. */
const alone = /^test\/e2e\//;
/** What would reach the tests of the other files. */
const ofOneFile =
  /\btest\.(before|after|beforeEach|afterEach|serial|only)\b|process\.(chdir|on)\b|process\.env\S* = |\bmemoryUsage\b/;

/**
 * @param {readonly string[]} files test files, relative to the root.
 * @returns {string[]} what stands in their place: those that stay alone, and the written ones.
 */
export function putTogether(files) {
  const small = files
    .filter((file) => !alone.test(file) && !ofOneFile.test(readFileSync(new URL(file, root), 'utf8')))
    .sort();
  rmSync(new URL(folder, root), { recursive: true, force: true });
  mkdirSync(new URL(folder, root));
  const groups = [
    ...divide(
      small.filter((file) => pure.test(file)),
      pureAtOnce,
    ),
    ...divide(
      small.filter((file) => !pure.test(file)),
      othersAtOnce,
    ),
  ];
  const written = groups.map((group, i) => {
    const file = `${folder}/together-${i + 1}.test.ts`;
    writeFileSync(new URL(file, root), group.map((one) => `import '../${one}';\n`).join(''));
    return file;
  });
  return [...files.filter((file) => !small.includes(file)), ...written];
}

/** In groups as large as each other, of so many at most. */
function divide(files, atOnce) {
  const count = Math.ceil(files.length / atOnce);
  return Array.from({ length: count }, (_, i) => files.filter((_, at) => at % count === i));
}

const imported = new Set();

registerHooks({
  resolve(specifier, context, next) {
    const { parentURL = '' } = context;
    if (specifier === 'ava' && imported.has(parentURL)) {
      const title = parentURL.slice(`${root}test/`.length, -'.test.ts'.length).replaceAll('/', ' › ');
      return {
        url: `${new URL('titled-ava.js', import.meta.url)}?of=${encodeURIComponent(title)}`,
        shortCircuit: true,
      };
    }
    const resolved = next(specifier, context);
    if (parentURL.startsWith(`${root}${folder}/`)) imported.add(resolved.url);
    return resolved;
  },
});
