import type { Command } from 'commander';
import { Option } from 'commander';
import type { Host } from '../host.ts';
import type { DemoFlags } from './flags.ts';

export function addDemo(program: Command, host: Host, finish: (code: number) => void): void {
  program
    .command('demo')
    .summary('play a mirrored rollout here, without a cluster')
    .description('play a mirrored rollout on this machine, without a cluster')
    .addOption(
      new Option('--mode <mode>', 'the serving mode of the model')
        .choices(['modelmesh', 'standard'])
        .default('standard'),
    )
    .option('--manifests', 'also show what each commit changes in the manifests')
    .option('--keep', 'keep the repository, to look at it')
    .option('--play', 'keep everything running, to play with it in another terminal, until Ctrl-C')
    .addHelpText(
      'after',
      `
Example: what happens in a mirrored rollout, in a minute
  $ model-mirror demo

Example: follow the tutorial without a cluster, with models in ModelMesh mode
  $ model-mirror demo --play --mode modelmesh`,
    )
    .action(async (flags: DemoFlags) =>
      finish(
        flags.play === true
          ? await (await import('./play.ts')).runPlay(flags, host)
          : await (await import('./run.ts')).runDemo(flags, host),
      ),
    );
}
