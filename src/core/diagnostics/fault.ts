import type { SafeText } from './safe-text.ts';
import { mask } from './safe-text.ts';

/** Why the program cannot do its work, other than by problems in the user's files. */
export type FaultCode = 'usage' | 'environment';

/** Exit codes: 0 fine, 1 problems or differences, 2 usage, 3 the environment, 70 a bug. */
export const exitCodes = { fine: 0, problems: 1, usage: 2, environment: 3, bug: 70 } as const;

/** Thrown; the command line shows message and hint, never a stack. */
export class Fault extends Error {
  readonly code: FaultCode;
  declare readonly message: SafeText;
  readonly hint: SafeText;

  constructor(code: FaultCode, message: SafeText, hint: SafeText, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Fault';
    this.code = code;
    this.hint = hint;
  }
}

/** Compares the name, because each bundle has its own class. */
export function isFault(error: unknown): error is Fault {
  return error instanceof Error && error.name === 'Fault';
}

/** The short reason in Node's own errors: `permission denied`, `no such file or directory`. */
export function toReason(error: unknown): SafeText {
  const { message, code } = error as NodeJS.ErrnoException;
  if (code !== undefined) return mask(message.split(': ')[1]?.split(',')[0] ?? code);
  // Parsers of YAML and JSON show the place on the following lines.
  return mask(message.split('\n', 1)[0] ?? '');
}

/** Why a request failed: Node's fetch only has that in the cause. */
export function toNetworkReason(error: unknown): SafeText {
  const { cause } = error as { readonly cause?: unknown };
  const { message, code } = (cause instanceof Error ? cause : error) as NodeJS.ErrnoException;
  return mask(message || (code ?? 'no reason given'));
}
