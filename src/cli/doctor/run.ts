/** `model-mirror doctor`: what is wrong with the way that copies take. */
import { resolve } from 'node:path';
import { runDoctor } from '../../commands/doctor.ts';
import type { ExaminePorts } from '../../commands/examine-cluster.ts';
import { exitCodes, Fault } from '../../core/diagnostics/fault.ts';
import { hasErrors } from '../../core/diagnostics/problem.ts';
import { mask, safe } from '../../core/diagnostics/safe-text.ts';
import { openFolderTree } from '../../io/files/folder-tree.ts';
import { createClusterReader } from '../../io/kubernetes/cluster-reader.ts';
import { KubernetesApi } from '../../io/kubernetes/kubernetes-api.ts';
import { systemClock } from '../../io/process/clock.ts';
import { toDoctorJson, toDoctorText } from '../../output/doctor-text.ts';
import { toClusterName } from '../flags/cluster-name.ts';
import { toMs } from '../flags/duration.ts';
import { toModelPlaces, toOwnPlaces } from '../flags/model-places.ts';
import { toNamespace } from '../flags/namespace-name.ts';
import type { Host } from '../host.ts';
import { showProblems } from '../show-problems.ts';
import type { DoctorFlags } from './flags.ts';

/** @returns the exit code. */
export async function runDoctorCommand(model: string | undefined, flags: DoctorFlags, host: Host): Promise<number> {
  const around = toOwnPlaces(flags, host);
  const places = model === undefined ? around : toModelPlaces(model, around, flags);
  const request = {
    model,
    names: places,
    tree: openFolderTree(places),
    cluster: toClusterName(flags.cluster),
    namespace: toNamespace(flags.namespace),
    countMs: toMs(flags.for, '--for'),
  };
  const report = await runDoctor(request, toPorts(flags, host), new AbortController().signal);
  const text =
    flags.output === 'json'
      ? toDoctorJson(report)
      : toDoctorText(report, { toPath: places.toShownPath, style: host.style(1) });
  host.write(1, [text]);
  showProblems(report.problems, host, 2, places.toShownPath);
  const isWrong = hasErrors(report.problems) || report.diagnoses.some(({ severity }) => severity === 'error');
  return isWrong ? exitCodes.problems : exitCodes.fine;
}

/** @throws Fault when there is no kubeconfig, or flags for the cluster are there without --live. */
function toPorts({ live, kubeconfig, context }: DoctorFlags, host: Host): ExaminePorts | undefined {
  if (live === true)
    return {
      reader: createClusterReader(
        new KubernetesApi({ kubeconfig: kubeconfig && resolve(host.workingDirectory, kubeconfig), context }),
      ),
      clock: systemClock,
    };
  for (const [flag, value] of Object.entries({ '--kubeconfig': kubeconfig, '--context': context }))
    if (value !== undefined)
      throw new Fault(
        'usage',
        safe`${mask(flag)} does nothing without --live`,
        safe`add --live, or leave ${mask(flag)} out`,
      );
  return undefined;
}
