import type { Command } from 'commander';
import { Option } from 'commander';
import type { Host } from '../host.ts';
import type { RenderFlags } from './flags.ts';
import { addInputFlags } from './flags.ts';
import { runRender } from './run.ts';

export function addRender(program: Command, host: Host, finish: (code: number) => void): void {
  addInputFlags(
    program
      .command('render [dir]')
      .summary('print what would be applied')
      .description('print the objects of all models below a folder'),
  )
    .addOption(
      new Option('-o, --output <format>', 'one YAML stream, or JSON with one object per line')
        .choices(['yaml', 'json'])
        .default('yaml'),
    )
    .option('--output-dir <folder>', 'write one file per object there, and remove the files of objects that are gone')
    .option('--assume-ready', 'preview: render as if every candidate were ready')
    .option('--watcher-url <url>', "link routes to the watcher's pages there, for Argo CD to show")
    .option('--select <model>', 'print only the objects of this model, with its Gateways')
    .addHelpText(
      'after',
      `
Example: what would be applied once the candidate is ready
  $ model-mirror render models/wisdom --assume-ready`,
    )
    .action((directory: string | undefined, flags: RenderFlags) => finish(runRender(directory ?? '.', flags, host)));
}
