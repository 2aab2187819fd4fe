import type { Command } from 'commander';
import { Option } from 'commander';
import type { Host } from '../host.ts';
import type { DemoFlags } from './run.ts';

export function addDemo(program: Command, host: Host, finish: (code: number) => void): void {
  program
    .command('demo')
    .description('play the tutorial of a mirrored rollout in a temporary git repository')
    .addOption(
      new Option('--mode <mode>', 'the serving mode of the model')
        .choices(['modelmesh', 'standard'])
        .default('modelmesh'),
    )
    .option('--keep', 'keep the repository, to look at it')
    .addHelpText(
      'after',
      `
Example: play it, and keep the commits
  $ model-mirror demo --keep

Example: the same with KServe in Standard mode
  $ model-mirror demo --mode standard`,
    )
    .action(async (flags: DemoFlags) => finish(await (await import('./run.ts')).runDemo(flags, host)));
}
