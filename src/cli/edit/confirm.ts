import { confirm } from '@clack/prompts';
import type { Terminal } from '../host.ts';

/** @returns false also when the person cancels. */
export async function confirmOn({ input, output }: Terminal, message: string): Promise<boolean> {
  return (await confirm({ message, initialValue: false, input, output })) === true;
}
