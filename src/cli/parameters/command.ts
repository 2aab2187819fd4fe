import type { Command } from 'commander';
import { parameters } from '../../io/process/argocd-environment.ts';
import type { Host } from '../host.ts';

export function addParameters(program: Command, host: Host): void {
  program
    .command('parameters')
    .summary('announce the parameters to Argo CD')
    .description('announce the parameters to Argo CD, which shows them in its UI')
    .addHelpText(
      'after',
      `
Example: as the parameters.dynamic command of plugin.yaml
  $ model-mirror parameters`,
    )
    .action(() =>
      host.write(1, [
        `${JSON.stringify(parameters.map((parameter) => ({ ...parameter, collectionType: 'string' })))}\n`,
      ]),
    );
}
