/** `model-mirror compare`: wires the comparer to the process and its signals. */
import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { exitCodes } from '../../core/diagnostics/fault.ts';
import { mask, safe } from '../../core/diagnostics/safe-text.ts';
import { safeLookup } from '../../io/compare/safe-lookup.ts';
import { KubernetesApi } from '../../io/kubernetes/kubernetes-api.ts';
import type { Host } from '../host.ts';
import { toHostLog } from '../host-log.ts';
import type { CompareFlags } from './flags.ts';
import { serveComparer } from './serve.ts';
import { toCompareSettings } from './settings.ts';

/** Answers that are waited for may still come after the signal to end; Kubernetes kills the process after 30 s. */
const graceMs = 12_000;

/** @returns the exit code. */
export async function runCompare(flags: CompareFlags, host: Host): Promise<number> {
  const settings = toCompareSettings(flags, host.environment, randomUUID());
  const log = toHostLog(flags.log, host);
  const kubeconfig = flags.kubeconfig && resolve(host.workingDirectory, flags.kubeconfig);
  const api = new KubernetesApi({ kubeconfig, context: flags.context });
  let end = () => {};
  const signalled = new Promise<void>((ended) => {
    end = ended;
  });
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
  try {
    const running = await serveComparer(settings, { api, lookup: safeLookup, log, version: host.version });
    log.info(safe`comparing`, {
      replica: mask(settings.comparer.replica),
      namespaces: mask(settings.namespaces?.join(' ') ?? 'all'),
    });
    try {
      await Promise.race([signalled, running.failed]);
    } finally {
      await running.end(graceMs);
    }
    log.info(safe`ended`);
    return exitCodes.fine;
  } finally {
    process.removeListener('SIGTERM', end);
    process.removeListener('SIGINT', end);
  }
}
