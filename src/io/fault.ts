/** What keeps the program from doing its work and is not in the user's files. */
export type FaultCode = 'usage' | 'environment';

/** Exit codes: 0 fine, 1 problems or differences, 2 usage, 3 the environment, 70 a bug. */
export const exitCodes = { fine: 0, problems: 1, usage: 2, environment: 3, bug: 70 } as const;

/** Thrown; the command line shows message and hint, never a stack. */
export class Fault extends Error {
  readonly code: FaultCode;
  readonly hint: string;

  constructor(code: FaultCode, message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Fault';
    this.code = code;
    this.hint = hint;
  }
}

/** What Node's own errors say in few words: `permission denied`, `no such file or directory`. */
export function toReason(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException;
  return code === undefined ? message : (message.split(': ')[1]?.split(',')[0] ?? code);
}
