/** What requests showed, in one line. */
import type { Counts } from '../../demo/traffic.ts';

/** Where versions of the demo's model are stored, before their names. */
const prefix = /^wisdom-/;

export function toProof({ sent, failed, answered, copied, agreed, disagreed }: Counts): string {
  const compared = agreed + disagreed;
  return [
    `${sent} requests: ${toText(answered, 'answered by') ?? 'none answered'}`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    toText(copied, 'copied to') ?? '0 copied',
    ...(compared === 0 ? [] : [`${compared} compared: ${disagreed === 0 ? 'all agree' : `${disagreed} disagree`}`]),
  ].join(', ');
}

function toText(counts: Counts['answered'], verb: string): string | undefined {
  const some = Object.entries(counts).filter(([, count]) => count > 0);
  return some.length === 0
    ? undefined
    : some.map(([version, count]) => `${count} ${verb} ${version.replace(prefix, '')}`).join(', ');
}
