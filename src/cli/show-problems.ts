import type { Problem } from '../core/diagnostics/problem.ts';
import { toProblemText } from '../output/problem-text.ts';
import type { Host } from './host.ts';

/**
 * Prints problems as people read them, in colour on a terminal.
 *
 * @param toPath turns a path from the repository's root into the one to show.
 */
export function showProblems(
  problems: readonly Problem[],
  host: Host,
  descriptor: 1 | 2,
  toPath: (file: string) => string,
): void {
  if (problems.length > 0) host.write(descriptor, [toProblemText(problems, toPath, host.style(descriptor))]);
}
