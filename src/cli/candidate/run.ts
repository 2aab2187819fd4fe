import { candidateSet } from '../../commands/candidate-set.ts';
import type { CandidateFlags } from '../edit/flags.ts';
import { runEdit } from '../edit/run-edit.ts';
import type { Host } from '../host.ts';

/** @returns the exit code. */
export function runCandidateSet(name: string, flags: CandidateFlags, host: Host): Promise<number> {
  const { version, storageUri, storagePath, name: service, overrides } = flags;
  const input = { version, storageUri, storagePath, service, withoutOverrides: !overrides };
  return runEdit(name, flags, host, (request, ports) => candidateSet(request, input, ports));
}
