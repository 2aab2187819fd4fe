/** Whether a command reads the cluster, and which one. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { Fault } from '../../core/diagnostics/fault.ts';
import { mask, safe } from '../../core/diagnostics/safe-text.ts';
import type { ApiPlace } from '../../io/kubernetes/kubernetes-api.ts';
import type { Host } from '../host.ts';
import type { LookFlags } from './wording.ts';

/** @param live what `--live` does. */
export function addClusterFlags(command: Command, live: string): Command {
  return command
    .option('--live', live)
    .option('--kubeconfig <file>', "with --live; default: KUBECONFIG, ~/.kube/config, or the Pod's service account")
    .option('--context <name>', 'with --live: the context in the kubeconfig');
}

/**
 * @returns undefined without `--live`.
 * @throws Fault for flags that do nothing without it.
 */
export function toApiPlace({ live, kubeconfig, context }: LookFlags, host: Host): ApiPlace | undefined {
  assertTogether('--kubeconfig', kubeconfig, '--live', live);
  assertTogether('--context', context, '--live', live);
  if (live !== true) return undefined;
  return { kubeconfig: kubeconfig && resolve(host.workingDirectory, kubeconfig), context };
}

/** @throws Fault for a flag that does nothing without another one. */
export function assertTogether(flag: string, value: unknown, other: string, isThere: boolean | undefined): void {
  if (value !== undefined && isThere !== true)
    throw new Fault(
      'usage',
      safe`${mask(flag)} does nothing without ${mask(other)}`,
      safe`add ${mask(other)}, or leave ${mask(flag)} out`,
    );
}
