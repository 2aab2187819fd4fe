import { rollback } from '../../commands/rollback.ts';
import type { EditFlags } from '../edit/flags.ts';
import { runEdit } from '../edit/run-edit.ts';
import type { Host } from '../host.ts';

/** @returns the exit code. */
export function runRollback(name: string, flags: EditFlags, host: Host): Promise<number> {
  return runEdit(name, flags, host, rollback);
}
