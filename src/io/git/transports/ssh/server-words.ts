/**
 * What a server means that ends a git service in place of serving it: it writes lines for people to stderr, and ends with a status.
 *
 * The words: Gitea 1.26 (modules "Deploy Key: 3:ro is not authorized to write to …"), GitHub ("ERROR: The key you are authenticating
 * with has been marked as read only.", "ERROR: Repository not found."), GitLab ("This deploy key does not have write access to this
 * project.", "This endpoint has been requested too many times."), Bitbucket ("access via a deployment key is read-only."), Azure
 * DevOps ("TF401019: The Git repository … does not exist"), git itself ("does not appear to be a git repository").
 */
import type { SafeText } from '../../../../core/diagnostics/safe-text.ts';
import { mask, safe } from '../../../../core/diagnostics/safe-text.ts';
import type { GitService } from '../../../../core/ports/git-transport.ts';
import type { BranchTroubleCode } from '../../../../core/ports/watch.ts';
import { BranchTrouble } from '../../../../core/ports/watch.ts';

export interface Ending {
  /** What it wrote to stderr. */
  readonly text: string;
  /** Its exit status; null: it was killed; undefined: the server did not send it. */
  readonly status: number | null | undefined;
}

const lineLength = 200;

/** The first that matches counts. */
const meanings: readonly (readonly [words: RegExp, code: BranchTroubleCode, meaning: SafeText])[] = [
  [/too many|rate limit|try again later/i, 'throttled', safe`the git server asks for fewer requests`],
  [
    /internal (?:server )?error|maintenance|temporarily|no space left|read-only file system|cannot allocate|resource temporarily/i,
    'unavailable',
    safe`the git server cannot do this now`,
  ],
  [
    /command not found|-pack: not found|unrecognized command|currently not available|no shell|interactive/i,
    'denied',
    safe`the git server does not run git for this user`,
  ],
  [
    /read[- ]only|not authorized to write|not have write access|not allowed to (?:push|upload|write)|denied to /i,
    'denied',
    safe`the git server does not let this key push: give the deploy key write access`,
  ],
  [
    /not appear to be a git repository|not found|does not exist|could not be found|cannot find/i,
    'denied',
    safe`the git server has no such repository, or does not show it to this key`,
  ],
];

/** @param isBegun whether it had listed its refs, so that the key may do this. */
export function toEndingTrouble(service: GitService, { text, status }: Ending, isBegun: boolean): BranchTrouble {
  const lines = text.split(/[\r\n]+/).map(withoutFrame);
  const [words, code, meaning] = meanings.find(([one]) => lines.some((line) => one.test(line))) ?? [];
  const line = lines.find((one) => (words === undefined ? one !== '' : words.test(one)));
  const said = line === undefined ? safe`` : safe`: ${mask(line.slice(0, lineLength))}`;
  if (code !== undefined && meaning !== undefined) return new BranchTrouble(code, safe`${meaning}${said}`);
  const ended = safe`the git server ended ${service}${toStatus(status)}`;
  if (isBegun || line === undefined) return new BranchTrouble('unavailable', safe`${ended}${said}`);
  return new BranchTrouble('denied', safe`${ended}${said}`);
}

/** Hosts put their name, or the level, in front of a line, and draw frames of equals signs around it. */
function withoutFrame(line: string): string {
  return line
    .replace(/^(?:\s*(?:remote|error|fatal|gitea|forgejo|gitlab|conq):)+/i, '')
    .replace(/^[\s=]+$/, '')
    .trim();
}

function toStatus(status: number | null | undefined): SafeText {
  if (status === undefined) return safe``;
  return status === null ? safe` by a signal` : safe` with status ${status}`;
}
