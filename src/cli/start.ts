#!/usr/bin/env node
/**
 * Starts the command line from V8's code cache, which the build writes next to the bundle: parsing and compiling the
 * YAML library takes a third of Node's start. V8 checks that the cache is for this version and this bundle; if not, or if
 * there is none, the bundle is compiled as usual.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Script } from 'node:vm';

/** Put in by the build: `engines` of package.json, for people who run the program without npm. */
declare const MODEL_MIRROR_OLDEST_NODE: number;

const oldestNode = MODEL_MIRROR_OLDEST_NODE;
if (Number.parseInt(process.versions.node, 10) < oldestNode) {
  process.stderr.write(
    `model-mirror: this is Node ${process.versions.node}, and ${oldestNode} is the oldest supported version\n    install a newer Node\n`,
  );
  process.exit(3);
}

const bundle = join(__dirname, 'cli.cjs');
const kept = join(__dirname, 'cli.code');

const script = new Script(
  `(function(exports,require,module,__filename,__dirname){${readFileSync(bundle, 'latin1')}\n})`,
  {
    filename: bundle,
    cachedData: readKept(),
  },
);
const run = script.runInThisContext() as (...parts: unknown[]) => void;
run({}, require, { exports: {} }, bundle, __dirname);
if (process.env['MODEL_MIRROR_KEEP_CODE'] !== undefined)
  process.once('exit', () => writeFileSync(kept, script.createCachedData()));

function readKept(): Buffer | undefined {
  try {
    return readFileSync(kept);
  } catch {
    return undefined;
  }
}
