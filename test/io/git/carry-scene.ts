/** Two branches on a real git server, people who push to both, and watchers that carry. */
import type { ExecutionContext } from 'ava';
import { safe } from '../../../src/core/diagnostics/safe-text.ts';
import type { Carried, CarryReports } from '../../../src/core/ports/watch.ts';
import type { GitServer } from '../../../src/demo/fakes/git-server.ts';
import { startGitServer } from '../../../src/demo/fakes/git-server.ts';
import type { CarriedBranchOptions } from '../../../src/io/git/carry/carried-branch.ts';
import { CarriedBranch } from '../../../src/io/git/carry/carried-branch.ts';
import { openTransport } from '../../../src/io/git/transports.ts';
import { CarryRepository } from '../carry-history.ts';

export const never = new AbortController().signal;
const person = { name: 'model-mirror watcher', email: 'watcher@example.com' };
let date = 1_700_000_000;

/** What a watcher has reported, in order. */
export class Heard implements CarryReports {
  readonly lines: string[] = [];
  isBehind = false;
  readonly current = (): void => {
    this.isBehind = false;
  };
  readonly behind = (): void => {
    this.isBehind = true;
  };
  readonly carried = ({ code, source, undone }: Carried): void => {
    this.lines.push(`${code} ${source.subject}${undone.length === 0 ? '' : `, undone: ${undone.join(' ')}`}`);
  };
  readonly edited = (_: string, paths: readonly string[]): void => {
    this.lines.push(`edited: ${paths.join(' ')}`);
  };
  readonly failed: CarryReports['failed'] = ({ code, message }, failures) => {
    this.lines.push(`failed ${failures}, ${code}: ${message}`);
  };

  /** What is new since the last call. */
  take(): string[] {
    return this.lines.splice(0);
  }
}

export class CarryScene {
  readonly repository: CarryRepository;
  readonly server: GitServer;
  /** In milliseconds. */
  now = 0;

  private constructor(repository: CarryRepository, server: GitServer) {
    this.repository = repository;
    this.server = server;
  }

  /** @param isPlain whether the server leaves nothing out, and gives nothing by its id, as git does by default. */
  static async start(t: Pick<ExecutionContext, 'teardown'>, isPlain = false): Promise<CarryScene> {
    const repository = await CarryRepository.make();
    const server = await startGitServer({ root: repository.root });
    t.teardown(async () => {
      await server.close();
      repository.remove();
    });
    await repository.git('config', 'http.receivepack', 'true');
    if (!isPlain)
      for (const key of ['allowFilter', 'allowReachableSHA1InWant'])
        await repository.git('config', `uploadpack.${key}`, 'true');
    return new CarryScene(repository, server);
  }

  watch(options: Partial<CarriedBranchOptions> = {}): { readonly branch: CarriedBranch; readonly heard: Heard } {
    const heard = new Heard();
    const branch = new CarriedBranch({
      transport: openTransport({
        address: this.server.url('repo.git'),
        credentials: undefined,
        environment: { PATH: process.env['PATH'] },
      }),
      branch: 'deploy',
      sourceBranch: 'main',
      path: '.',
      isWanted: (_, name) => /^(status|model)\.yaml$/.test(name),
      author: person,
      committer: person,
      clock: { date: () => date++, now: () => this.now, random: () => 0 },
      message: { suffix: undefined, signOff: undefined },
      reports: heard,
      ...options,
    });
    return { branch, heard };
  }

  /** Commits to the source. */
  main(changes: Readonly<Record<string, string | undefined>>, message = 'a change'): Promise<string> {
    return this.repository.commit('main', new Map(Object.entries(changes)), message);
  }

  /** Commits of a person to the deploy branch. */
  deploy(changes: Readonly<Record<string, string | undefined>>, message = 'a hotfix'): Promise<string> {
    return this.repository.commit('deploy', new Map(Object.entries(changes)), message);
  }

  async read(branch = 'deploy'): Promise<Record<string, string>> {
    return Object.fromEntries(await this.repository.read(branch));
  }

  async log(): Promise<string[]> {
    const listed = await this.repository.git('log', '--first-parent', '--format=%s', 'deploy');
    return listed
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/^carry [0-9a-f]{8}/, 'carry'));
  }
}

export function toStatusCommit(changes: Readonly<Record<string, string | undefined>>) {
  return { changes: new Map(Object.entries(changes)), message: safe`status: test\n` };
}
