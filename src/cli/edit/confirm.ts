import { confirm } from '@clack/prompts';
import type { Terminal } from '../host.ts';

/** @returns false also when somebody breaks it off. */
export async function confirmOn({ input, output }: Terminal, message: string): Promise<boolean> {
  return (await confirm({ message, initialValue: false, input, output })) === true;
}
