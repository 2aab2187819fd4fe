/**
 * Starts the command line from a single executable (`node --build-sea`): the bundles of `dist/` are assets in it, and so is V8's
 * compiled code of the first one, where the executable was built by the Node that it holds.
 */
import { getAssetKeys, getRawAsset } from 'node:sea';
import { Script } from 'node:vm';

type Run = (exports: object, require: (name: string) => unknown, module: { exports: object }, file: string) => void;

const assets = new Set(getAssetKeys());
const loaded = new Map<string, { exports: object }>();

load('cli.cjs');

/** As Node's own `require` of a file: it runs once. */
function load(name: string): object {
  const before = loaded.get(name);
  if (before !== undefined) return before.exports;
  const module = { exports: {} };
  loaded.set(name, module);
  const code = name.replace(/\.cjs$/, '.code');
  // In one byte per character, as the compiled code was made of it: the bundles are in ASCII.
  const text = readAsset(name).toString('latin1');
  const script = new Script(`(function(exports,require,module,__filename,__dirname){${text}\n})`, {
    filename: name,
    cachedData: assets.has(code) ? readAsset(code) : undefined,
  });
  (script.runInThisContext() as Run)(module.exports, requirePart, module, name);
  return module.exports;
}

/** A bundle, or one of Node's own modules: nothing else is in the executable. */
function requirePart(name: string): unknown {
  return name.startsWith('./') ? load(name.slice(2)) : require(name);
}

/** Without a copy. */
function readAsset(name: string): Buffer {
  return Buffer.from(getRawAsset(name));
}
