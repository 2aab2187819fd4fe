import { promote } from '../../commands/promote.ts';
import type { PromoteFlags } from '../edit/flags.ts';
import { runEdit } from '../edit/run-edit.ts';
import type { Host } from '../host.ts';

/** @returns the exit code. */
export function runPromote(name: string, flags: PromoteFlags, host: Host): Promise<number> {
  return runEdit(name, flags, host, (request, ports) => promote(request, flags.force === true, ports));
}
