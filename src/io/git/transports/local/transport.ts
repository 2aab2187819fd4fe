/** A repository on this machine (`file://`), for trying things out: the installed git does what a server would. */
import { Fault, isFault } from '../../../../core/diagnostics/fault.ts';
import { mask, safe } from '../../../../core/diagnostics/safe-text.ts';
import type { GitService, GitSession, GitTransport } from '../../../../core/ports/git-transport.ts';
import { BranchTrouble } from '../../../../core/ports/watch.ts';
import { Git } from '../../../git-cli/git.ts';
import { decodePart } from '../../address-path.ts';
import type { TransportProvider } from '../../transport-provider.ts';

export const local: TransportProvider = {
  schemes: ['file:'],
  check: (address) => {
    const { host, pathname } = new URL(address);
    if (host !== '')
      throw new Fault(
        'usage',
        safe`the address of the repository names the host ${mask(host)}, and file:// is for this one`,
        safe`write file:///path`,
      );
    decodePart(pathname, address);
  },
  open: ({ address, environment }) =>
    // Git's services take the repository as an argument, and refuse a folder that is none.
    new LocalTransport(decodePart(new URL(address).pathname, address), new Git('.', { environment })),
};

class LocalTransport implements GitTransport {
  readonly #folder: string;
  readonly #git: Git;

  constructor(folder: string, git: Git) {
    this.#folder = folder;
    this.#git = git;
  }

  readonly open = async (service: GitService, signal: AbortSignal): Promise<GitSession> => {
    const run = (input: Uint8Array, ...flags: string[]) =>
      this.#run([service.slice('git-'.length), '--stateless-rpc', ...flags, this.#folder], input, signal);
    return {
      advertisement: await run(Buffer.alloc(0), '--advertise-refs'),
      request: async function* (body) {
        yield await run(body);
      },
      [Symbol.asyncDispose]: async () => {},
    };
  };

  async #run(words: readonly string[], input: Uint8Array, signal: AbortSignal): Promise<Buffer> {
    const ended = await this.#git.run(words, { input, signal }).catch((error: unknown) => {
      throw isFault(error) ? new BranchTrouble('unreachable', error.message) : error;
    });
    if (ended.code === 0) return ended.output;
    const [line = ''] = ended.complaint.trim().split('\n');
    throw new BranchTrouble('unreachable', safe`git ${mask(words[0] ?? '')} failed: ${mask(line)}`);
  }
}
