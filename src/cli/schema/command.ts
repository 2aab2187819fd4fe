import type { Command } from 'commander';
import type { Host } from '../host.ts';

export function addSchema(program: Command, host: Host): void {
  program
    .command('schema [kind]')
    .summary('print or write the JSON Schemas for editors')
    .description('print the JSON Schema of Model, MirrorPolicy or ModelStatus, or of whichever a file is')
    .option('--to <folder>', 'write one file for each kind there instead, as init does into .model-mirror')
    .addHelpText(
      'after',
      `
Example: let the editor complete and explain every field, also without a network
  $ model-mirror schema --to .model-mirror
  and as the first line of models/wisdom/model.yaml:
  # yaml-language-server: $schema=../../.model-mirror/model.schema.json`,
    )
    .action(async (kind: string | undefined, flags: { readonly to?: string }) =>
      (await import('./run.ts')).runSchema(kind, flags, host),
    );
}
