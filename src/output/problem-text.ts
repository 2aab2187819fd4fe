/** Problems → what people, programs and GitHub read. */
import type { Problem } from '../core/diagnostics/problem.ts';
import type { Style } from './style.ts';
import { plainStyle } from './style.ts';

/**
 * Two lines a problem, then a line that counts them; empty for no problems.
 *
 * @param toPath turns a path from the repository's root into the one to show.
 */
export function toProblemText(
  problems: readonly Problem[],
  toPath: (file: string) => string = (file) => file,
  style: Style = plainStyle,
): string {
  if (problems.length === 0) return '';
  const lines = problems.map(
    ({ file, line, column, severity, message, code, hint }) =>
      `${style('bold', `${toPath(file)}:${line}:${column}:`)} ${style(severity === 'error' ? 'red' : 'yellow', `${severity}:`)} ${message} ${style('dim', `[${code}]`)}\n    ${hint}\n`,
  );
  return `${lines.join('')}${toCountText(problems)}\n`;
}

/** `2 errors, 1 warning` */
function toCountText(problems: readonly Problem[]): string {
  const count = (severity: string) => problems.filter((problem) => problem.severity === severity).length;
  const part = (n: number, noun: string) => (n === 0 ? [] : [`${n} ${noun}${n === 1 ? '' : 's'}`]);
  return [...part(count('error'), 'error'), ...part(count('warning'), 'warning')].join(', ');
}

/** A JSON list, one problem a line. */
export function toProblemJson(problems: readonly Problem[]): string {
  return `[${problems.map((problem) => `\n  ${JSON.stringify(problem)}`).join(',')}${problems.length > 0 ? '\n' : ''}]\n`;
}

/** GitHub's workflow commands: an annotation at each place. */
export function toGithubText(problems: readonly Problem[]): string {
  return problems
    .map(({ severity, file, line, column, code, message, hint }) => {
      const properties = { file, line, col: column, title: code };
      const written = Object.entries(properties).map(([key, value]) => `${key}=${escapeProperty(String(value))}`);
      return `::${severity} ${written.join(',')}::${escapeData(`${message}\n${hint}`)}\n`;
    })
    .join('');
}

/**
 * GitLab's code quality report, which the merge request shows at each place.
 *
 * @param toFingerprint a digest: GitLab knows a problem again by it, so it leaves the line out, and problems
 *   that are equal but for their line are told apart by their number.
 */
export function toGitlabText(problems: readonly Problem[], toFingerprint: (value: unknown) => string): string {
  const seen = new Map<string, number>();
  const entries = problems.map(({ severity, file, line, column, field, code, message, hint }) => {
    const alike = JSON.stringify([file, code, field, message]);
    const number = (seen.get(alike) ?? 0) + 1;
    seen.set(alike, number);
    return {
      description: `${message}: ${hint}`,
      check_name: code,
      fingerprint: toFingerprint({ alike, number }),
      severity: severity === 'error' ? 'major' : 'minor',
      location: { path: file, positions: { begin: { line, column } } },
    };
  });
  return `${JSON.stringify(entries, null, 2)}\n`;
}

/** As GitHub's own toolkit escapes (actions/toolkit, packages/core/src/command.ts). */
function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
