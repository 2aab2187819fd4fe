import type { Command } from 'commander';
import { Option } from 'commander';
import type { Host } from '../host.ts';
import type { CompareFlags } from './flags.ts';

export function addCompare(program: Command, host: Host, finish: (code: number) => void): void {
  program
    .command('compare')
    .summary('ask both versions the same, and count differences')
    .description('ask both versions of a model the same, and count how they differ')
    .option('--intake <address>', 'where copies of requests arrive, over HTTP/2 without TLS', '0.0.0.0:8080')
    .option('--listen <address>', 'serve /blocks, /examples, /metrics, /healthz and /readyz there', '0.0.0.0:8081')
    .option('--namespace <name...>', 'only these namespaces; default: all (MODEL_MIRROR_NAMESPACES)')
    .option('--kubeconfig <file>', "default: KUBECONFIG, ~/.kube/config, or the Pod's service account")
    .option('--context <name>', 'the context of the kubeconfig')
    .option(
      '--watch-timeout <duration>',
      'how long one watch of the API lasts; one that is silent for half as long again is restarted',
      '30s',
    )
    .option('--deadline <duration>', 'how long each version may take for an answer', '10s')
    .option('--max-calls <number>', 'how many requests to hold at once; more are dropped and counted', '256')
    .option('--max-bytes <size>', 'how much of their bodies and answers to hold at once', '24Mi')
    .option('--max-size <size>', 'the largest request and the largest answer that are compared', '4Mi')
    .addOption(new Option('--log <form>', 'default: text on a terminal').choices(['json', 'text']))
    .addHelpText(
      'after',
      `
It asks the addresses of versions that routes lead to, never those of models, and only for predictions: each copy is
another request at the primary, at most two at once for each model. No request and no answer is kept or logged.

Example: compare the models of one namespace, outside the cluster
  $ model-mirror compare --namespace models --intake 127.0.0.1:8080 --listen 127.0.0.1:8081`,
    )
    .action(async (flags: CompareFlags) => finish(await (await import('./run.ts')).runCompare(flags, host)));
}
