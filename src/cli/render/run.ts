import { resolve } from 'node:path';
import { exitCodes } from '../../core/diagnostics/fault.ts';
import { hasErrors } from '../../core/diagnostics/problem.ts';
import { mask } from '../../core/diagnostics/safe-text.ts';
import { toJsonText, toYamlText } from '../../core/manifests/manifest-text.ts';
import { toOutputName, writeOutputFolder } from '../../io/files/output-folder.ts';
import type { Host } from '../host.ts';
import { showProblems } from '../show-problems.ts';
import type { RenderFlags } from './flags.ts';
import { readApplication } from './read-application.ts';

/** @returns the exit code. */
export function runRender(directory: string, flags: RenderFlags, host: Host): number {
  const print = flags.output === 'json' ? toJsonText : toYamlText;
  const { application, toPath } = readApplication(directory, flags, host, flags, print);
  showProblems(application.problems, host, 2, toPath);
  if (hasErrors(application.problems)) return exitCodes.problems;
  const lines = application.objects.map(({ output }) => output);
  if (flags.outputDir !== undefined) {
    const files = application.objects.map(({ kind, namespace, name, output }) => ({
      name: toOutputName(kind, namespace, name, flags.output),
      text: flags.output === 'json' ? `${output}\n` : output,
    }));
    const { written, removed } = writeOutputFolder(
      resolve(host.workingDirectory, flags.outputDir),
      files,
      flags.select === undefined,
    );
    const unchanged = files.length - written.length;
    host.write(2, [
      `${mask(flags.outputDir)}: ${written.length} written, ${unchanged} unchanged, ${removed.length} removed\n`,
    ]);
    return exitCodes.fine;
  }
  host.write(1, flags.output === 'json' ? withEnds(lines, '\n') : withSeparators(lines, '---\n'));
  return exitCodes.fine;
}

function* withEnds(texts: readonly string[], end: string): Iterable<string> {
  for (const text of texts) yield text + end;
}

function* withSeparators(texts: readonly string[], separator: string): Iterable<string> {
  for (const [i, text] of texts.entries()) yield i === 0 ? text : separator + text;
}
