import type { Command } from 'commander';
import { Option } from 'commander';
import type { Host } from '../host.ts';
import type { WatchFlags } from './flags.ts';

export function addWatch(program: Command, host: Host, finish: (code: number) => void): void {
  program
    .command('watch')
    .description('look at the cluster, and commit what it is to the status files')
    .option('--repo <url>', 'the repository: https://…, or file://… for a trial (MODEL_MIRROR_REPO)')
    .option('--branch <name>', 'the branch that Argo CD deploys; default: main (MODEL_MIRROR_BRANCH)')
    .option('--path <folder>', 'only models below this folder of the repository (MODEL_MIRROR_PATH)')
    .option('--cluster <name>', 'write status.<name>.yaml in place of status.yaml (MODEL_MIRROR_CLUSTER)')
    .option('--namespace <name...>', 'only these namespaces; default: all (MODEL_MIRROR_NAMESPACES)')
    .option(
      '--git-credentials <place>',
      'a file with a token, or a folder with token, or username and password; read anew each time. ' +
        'Default: MODEL_MIRROR_GIT_TOKEN, or MODEL_MIRROR_GIT_USERNAME and MODEL_MIRROR_GIT_PASSWORD',
    )
    .option('--kubeconfig <file>', "default: KUBECONFIG, ~/.kube/config, or the Pod's service account")
    .option('--context <name>', 'of the kubeconfig')
    .option('--settle <duration>', 'how long a change for the worse must hold', '5s')
    .option('--batch-window <duration>', 'how long to collect changes into one commit', '500ms')
    .option('--git-interval <duration>', 'how often to look at the branch although nothing happens', '30s')
    .option(
      '--max-fetch <size>',
      'the most that one fetch of the branch may transfer, for example 100Mi; default: what fits into memory',
    )
    .option('--watch-timeout <duration>', 'how long one watch of the API lasts; half as long again is silence', '30s')
    .option('--page', 'keep STATUS.md at the path, for people')
    .option('--author <person>', 'of the commits', 'model-mirror watcher <watcher@model-mirror.dev>')
    .option('--committer <person>', 'default: the author')
    .option('--message-suffix <text>', 'put behind the subject, as "[skip ci]"')
    .option('--sign-off', "add the author's Signed-off-by")
    .option('--argocd-refresh', 'ask Argo CD to look at git, after a push and when others have pushed')
    .option('--argocd-namespace <name>', 'where its Applications are', 'argocd')
    .option(
      '--argocd-instance-label <key>',
      'application.instanceLabelKey of argocd-cm, if Argo CD tracks by label',
      'app.kubernetes.io/instance',
    )
    .option('--listen <address>', 'serve /healthz, /readyz and /metrics there, as 0.0.0.0:8080')
    .option('--once', 'look, commit if needed, and end')
    .addOption(new Option('--log <form>', 'default: text on a terminal').choices(['json', 'text']))
    .addHelpText(
      'after',
      `
Two watchers of one branch do no harm: equal facts are equal bytes, and a push never overwrites.

Example: one look at the current cluster, committed to a repository on this machine
  $ model-mirror watch --once --repo file://$PWD/deployments.git`,
    )
    .action(async (flags: WatchFlags) => finish(await (await import('./run.ts')).runWatch(flags, host)));
}
