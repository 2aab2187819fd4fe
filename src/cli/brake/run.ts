import { mirror } from '../../commands/mirror.ts';
import type { BrakeFlags } from '../edit/flags.ts';
import { runEdit } from '../edit/run-edit.ts';
import type { Host } from '../host.ts';

/** @returns the exit code. */
export function runBrake(name: string, flags: BrakeFlags, host: Host): Promise<number> {
  const input = { percentage: '0', here: false, at: flags.at, isBrake: true };
  return runEdit(name, { ...flags, commit: true, push: true }, host, (request, ports) => mirror(request, input, ports));
}
