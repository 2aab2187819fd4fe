/** The flags and the environment of `model-mirror compare`, checked. */
import type { CompareOptions } from '../../compare/comparer.ts';
import { Fault } from '../../core/diagnostics/fault.ts';
import { quote, safe } from '../../core/diagnostics/safe-text.ts';
import type { Environment } from '../../io/process/argocd-environment.ts';
import { toBytes } from '../flags/byte-size.ts';
import { toMs, toWatchSeconds } from '../flags/duration.ts';
import { toNamespaces } from '../flags/namespace-name.ts';
import type { CompareFlags } from './flags.ts';

export interface CompareSettings {
  readonly intake: string;
  readonly listen: string;
  /** Undefined: all. */
  readonly namespaces: readonly string[] | undefined;
  readonly watchSeconds: number;
  readonly comparer: CompareOptions;
}

/**
 * The flags win over the environment.
 *
 * @param replica of this run of this process alone.
 * @throws Fault when something has no meaning.
 */
export function toCompareSettings(flags: CompareFlags, environment: Environment, replica: string): CompareSettings {
  const deadlineMs = toMs(flags.deadline, '--deadline');
  if (deadlineMs < 1 || deadlineMs > 60_000)
    throw new Fault('usage', safe`--deadline ${quote(flags.deadline)} is not possible`, safe`write 1ms to 1m`);
  return {
    intake: flags.intake,
    listen: flags.listen,
    namespaces: toNamespaces(flags.namespace, environment),
    watchSeconds: toWatchSeconds(flags.watchTimeout),
    comparer: {
      replica,
      deadlineMs,
      budget: { calls: toCalls(flags.maxCalls), bytes: toBytes(flags.maxBytes, '--max-bytes') },
      maxSize: toBytes(flags.maxSize, '--max-size'),
    },
  };
}

function toCalls(text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  throw new Fault('usage', safe`--max-calls ${quote(text)} is not a number of requests`, safe`write 1 to 99999`);
}
