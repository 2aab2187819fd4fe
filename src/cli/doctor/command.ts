import type { Command } from 'commander';
import { addClusterFlags } from '../flags/cluster-flags.ts';
import { addModelFlags } from '../flags/model-flags.ts';
import type { Host } from '../host.ts';
import type { DoctorFlags } from './flags.ts';

export function addDoctor(program: Command, host: Host, finish: (code: number) => void): void {
  const command = program
    .command('doctor [model]')
    .summary('check that copies arrive and clients are safe')
    .description('check whether copies of requests reach candidates, and whether clients are safe while they do');
  addModelFlags(
    addClusterFlags(command, 'check the mirror gateway in the cluster; nothing is changed there').option(
      '--for <duration>',
      'with --live: how long to count lost copies; 0s: do not wait',
      '5s',
    ),
  )
    .addHelpText(
      'after',
      `
Each finding has a reason and a cure, the worst first. An error means that copies are lost or clients can be harmed, a
warning that this could happen, and a note that something is over or could not be checked.

--live lists Services, Pods and the objects of the mesh, and reads statistics of proxies through the API server
(get on pods/proxy). What you have no permission to read is a note. The exit code is 1 when there are errors, and 3
when the cluster cannot be read.

Example: find out why copies do not arrive
  $ model-mirror doctor wisdom --live`,
    )
    .action(async (model: string | undefined, flags: DoctorFlags) =>
      finish(await (await import('./run.ts')).runDoctorCommand(model, flags, host)),
    );
}
