import { mirror } from '../../commands/mirror.ts';
import type { MirrorFlags } from '../edit/flags.ts';
import { runEdit } from '../edit/run-edit.ts';
import type { Host } from '../host.ts';

/** @returns the exit code. */
export function runMirror(name: string, percentage: string, flags: MirrorFlags, host: Host): Promise<number> {
  const { here = false, at } = flags;
  return runEdit(name, flags, host, (request, ports) => mirror(request, { percentage, here, at }, ports));
}
