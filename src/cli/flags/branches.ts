import { Fault } from '../../core/diagnostics/fault.ts';
import { quote, safe } from '../../core/diagnostics/safe-text.ts';

/** @throws Fault when a branch would be carried to itself. */
export function assertApart(source: string, deploy: string): void {
  if (source !== deploy) return;
  throw new Fault(
    'usage',
    safe`--source-branch and --branch are both ${quote(source)}`,
    safe`name the branch that people push to, and the one that Argo CD deploys`,
  );
}
