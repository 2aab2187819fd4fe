/** `model-mirror doctor`: what is wrong on the mirror path, from clients' proxies to candidates. */
import { runDoctor } from '../../commands/doctor.ts';
import { exitCodes } from '../../core/diagnostics/fault.ts';
import { hasErrors } from '../../core/diagnostics/problem.ts';
import { openFolderTree } from '../../io/files/folder-tree.ts';
import { createClusterReader } from '../../io/kubernetes/cluster-reader.ts';
import { KubernetesApi } from '../../io/kubernetes/kubernetes-api.ts';
import { systemClock } from '../../io/process/clock.ts';
import { toDoctorJson, toDoctorText } from '../../output/doctor-text.ts';
import { toApiPlace } from '../flags/cluster-flags.ts';
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
  const place = toApiPlace(flags, host);
  const ports = place && { reader: createClusterReader(new KubernetesApi(place)), clock: systemClock };
  const report = await runDoctor(request, ports, new AbortController().signal);
  const text =
    flags.output === 'json'
      ? toDoctorJson(report)
      : toDoctorText(report, { toPath: places.toShownPath, style: host.style(1) });
  host.write(1, [text]);
  showProblems(report.problems, host, 2, places.toShownPath);
  const isWrong = hasErrors(report.problems) || report.diagnoses.some(({ severity }) => severity === 'error');
  return isWrong ? exitCodes.problems : exitCodes.fine;
}
