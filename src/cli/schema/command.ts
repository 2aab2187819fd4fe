import type { Command } from 'commander';
import type { Host } from '../host.ts';

export function addSchema(program: Command, host: Host): void {
  program
    .command('schema [kind]')
    .summary('print the JSON Schema of a kind of file')
    .description('print the JSON Schema of Model, MirrorPolicy or ModelStatus, or of whichever a file is')
    .addHelpText(
      'after',
      `
Example: let the editor complete and explain every field
  $ model-mirror schema Model > model.schema.json
  and as the first line of model.yaml: # yaml-language-server: $schema=./model.schema.json`,
    )
    .action(async (kind: string | undefined) => (await import('./run.ts')).runSchema(kind, host));
}
