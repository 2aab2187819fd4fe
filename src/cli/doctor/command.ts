import type { Command } from 'commander';
import { addModelFlags } from '../flags/model-flags.ts';
import type { Host } from '../host.ts';
import type { DoctorFlags } from './flags.ts';

export function addDoctor(program: Command, host: Host, finish: (code: number) => void): void {
  addModelFlags(
    program
      .command('doctor [model]')
      .description('whether copies of requests get to candidates, and whether clients are safe while they do')
      .option('--live', 'examine the mirror gateway in the cluster, which is only read')
      .option('--kubeconfig <file>', "with --live; default: KUBECONFIG, ~/.kube/config, or the Pod's service account")
      .option('--context <name>', 'with --live: of the kubeconfig')
      .option('--for <duration>', 'with --live: how long to count copies that are lost; 0s: do not wait', '5s'),
  )
    .addHelpText(
      'after',
      `
Each finding has its reason and its cure, the worst first: an error means that copies are lost or that clients can be
harmed, a warning that this could happen, a note that something could not be examined or is over.

--live lists Services, Pods and the objects of the mesh, and reads statistics of proxies through the API server
(get on pods/proxy); what it may not read, it reports. It ends with 1 for errors, and with 3 when the cluster cannot
be read.

Example: find out why copies do not arrive
  $ model-mirror doctor wisdom --live`,
    )
    .action(async (model: string | undefined, flags: DoctorFlags) =>
      finish(await (await import('./run.ts')).runDoctorCommand(model, flags, host)),
    );
}
