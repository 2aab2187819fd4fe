/** Which branches there are, for somebody who named another one. */
import { compareText } from '../../core/diagnostics/problem.ts';
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { join, mask, safe } from '../../core/diagnostics/safe-text.ts';

const likely = ['main', 'master', 'trunk', 'develop'];
const maxShown = 5;

/** @param names of branches, or of refs, of which those that are not branches are left out. */
export function toBranchList(names: Iterable<string>): SafeText {
  const branches = [...names].flatMap((name) =>
    name.startsWith('refs/heads/') ? [name.slice('refs/heads/'.length)] : name.startsWith('refs/') ? [] : [name],
  );
  if (branches.length === 0) return safe`there is no branch yet`;
  const rank = (name: string) => (likely.indexOf(name) + likely.length + 1) % (likely.length + 1);
  const sorted = branches.sort((a, b) => rank(a) - rank(b) || compareText(a, b));
  const shown = sorted.slice(0, maxShown).map(mask);
  return safe`there is: ${join(shown, ', ')}${sorted.length > maxShown ? ', …' : ''}`;
}
