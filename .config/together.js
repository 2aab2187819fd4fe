/**
 * Several small test files in one process: starting one for each takes longer than their tests do. `ava.js` writes a file that
 * imports them, and loads this one first in each process: it gives them an `ava` that puts the file's name before its titles.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

const root = new URL('..', import.meta.url);
const folder = '.together';
const filesAtOnce = 14;

/** Pure, or nearly so: they neither start processes or servers nor wait. */
const rooms = /^test\/(core|output|commands|linear|upgrade|install|release|compare\/answers)\//;
/** What would reach the tests of the other files. */
const ofOneFile = /\btest\.(before|after|beforeEach|afterEach|serial|only)\b|process\.(chdir|env|on)\b|\bmemoryUsage\b/;

/**
 * @param {readonly string[]} files test files, relative to the root.
 * @returns {string[]} what stands in their place: those that stay alone, and the written ones.
 */
export function putTogether(files) {
  const isSmall = (file) => rooms.test(file) && !ofOneFile.test(readFileSync(new URL(file, root), 'utf8'));
  const small = files.filter(isSmall).sort();
  rmSync(new URL(folder, root), { recursive: true, force: true });
  mkdirSync(new URL(folder, root));
  const written = [];
  for (let at = 0; at < small.length; at += filesAtOnce) {
    const imports = small.slice(at, at + filesAtOnce).map((file) => `import '../${file}';\n`);
    const file = `${folder}/together-${written.length + 1}.test.ts`;
    writeFileSync(new URL(file, root), imports.join(''));
    written.push(file);
  }
  return [...files.filter((file) => !small.includes(file)), ...written];
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
