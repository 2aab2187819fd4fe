/** The process itself: hands its words, environment and streams to the command line. */

import { Fault } from '../core/diagnostics/fault.ts';
import { safe } from '../core/diagnostics/safe-text.ts';
import { writeTexts } from '../io/process/standard-streams.ts';
import { plainStyle } from '../output/style.ts';
import { toCalledAs } from './called-as.ts';
import { main } from './main.ts';

/** Put in by the build. */
declare const MODEL_MIRROR_VERSION: string;

const code = main(process.argv.slice(2), {
  version: MODEL_MIRROR_VERSION,
  get workingDirectory() {
    try {
      return process.cwd();
    } catch (error) {
      throw new Fault('environment', safe`the working directory is gone`, safe`change to an existing folder`, {
        cause: error,
      });
    }
  },
  get program() {
    return process.getBuiltinModule('node:sea').isSea()
      ? [process.execPath]
      : [process.execPath, process.argv[1] ?? ''];
  },
  calledAs: toCalledAs(process.argv[1] ?? ''),
  environment: process.env,
  write: writeTexts,
  isTerminal,
  size: (descriptor) => {
    const { columns, rows } = descriptor === 1 ? process.stdout : process.stderr;
    return isTerminal(descriptor) && columns > 0 ? { columns, rows } : undefined;
  },
  get terminal() {
    if (!isTerminal(0) || !isTerminal(1)) return undefined;
    // Of a terminal that knows no size, as in some containers: questions would have one letter a line.
    if (process.stdout.columns === 0) Object.assign(process.stdout, { columns: 80, rows: 24 });
    return { input: process.stdin, output: process.stdout };
  },
  style: (descriptor) => {
    const { styleText } = process.getBuiltinModule('node:util');
    if (!isTerminal(descriptor) || process.env['NO_COLOR']) return plainStyle;
    return (format, text) => styleText(format, text, { validateStream: false });
  },
});
// Everything is written by now; without this, Node would first take its heap apart.
code.then((exitCode) => process.exit(exitCode));

function isTerminal(descriptor: 0 | 1 | 2): boolean {
  // Not imported above: most runs print no problem, and the terminal module loads the network's.
  return process.getBuiltinModule('node:tty').isatty(descriptor);
}
