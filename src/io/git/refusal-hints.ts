/**
 * What to do about a push that a git host refuses, by the code or phrase that the host is known to write. Nothing
 * decides by this: an unknown text is shown without a hint.
 *
 * Observed: Gitea 1.26. From their documentation and source, and pushes that others report: GitHub's codes GH006, GH007
 * and GH013, GitLab's access checks and push rules, Bitbucket's restrictions, Azure DevOps' codes TF….
 */
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { safe } from '../../core/diagnostics/safe-text.ts';

/** The first one that is found wins: a text about a protected branch can also say that a signature is missing. */
const hints: readonly (readonly [texts: readonly string[], hint: SafeText])[] = [
  [
    ['must have verified signatures', 'commit must be signed', 'from unverified commit'],
    safe`the branch requires signed commits: pass --signing-key`,
  ],
  // Gitea 1.26 shows git nothing better than an internal error.
  [['internal server error (no message for end users)'], safe`are signed commits required? Then pass --signing-key`],
  [['dco signoff', 'signed-off-by', 'sign-off'], safe`pass --sign-off`],
  [['gh007'], safe`pass --author and --committer with the noreply address of the account`],
  [
    ['committer email is one of your own', 'is not a member of team'],
    safe`pass --author and --committer with the name and the address of the account`,
  ],
  [
    ['push cannot contain secrets'],
    safe`STATUS.md or a status file repeats what looks like a secret: take it out of the model`,
  ],
  [['gh006'], safe`let the account bypass the protection of the branch`],
  [['gh013'], safe`add the account to the bypass list of the ruleset`],
  [['not allowed to push code to protected branches'], safe`let the account push, under Protected branches`],
  [['not allowed to push to protected branch'], safe`let the account push, in the protection of the branch`],
  [
    ['permission denied to update branch', 'can only be modified through pull requests'],
    safe`let the account write without a pull request, in the restrictions of the branch`,
  ],
  [['tf402455'], safe`allow the account “Bypass policies when pushing”`],
  [['tf401027', 'genericcontribute'], safe`allow the account “Contribute”`],
  [
    ['not allowed to push code to this project'],
    safe`the token needs the scope write_repository, and a role that may push`,
  ],
  [['write access to repository not granted'], safe`the token needs the permission to write contents`],
];

/** @returns the host's words, with what to do where that is known. */
export function withHint(shown: SafeText, words: string): SafeText {
  const text = words.toLowerCase();
  const [, hint] = hints.find(([texts]) => texts.some((one) => text.includes(one))) ?? [];
  return hint === undefined ? shown : safe`${shown}; hint: ${hint}`;
}
