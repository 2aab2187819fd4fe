/** Clones by what matters to a commit: hooks, signatures, names, flags of the index, and what is in git's way. */
import { brake, brakeOnBranch, candidate, discarding, newPolicy, newPolicyOnBranch, promotion } from './edits.ts';
import type { Kind } from './kind.ts';
import { policy } from './kind.ts';

const hook = (name: string, lines: string) => `hook ${name} <<'END'\n${lines}\nEND\n`;

/** What is called, with what, and what is about to be committed. */
const trace = (name: string) => hook(name, `echo "${name} $* ($(git diff --cached --name-only))" >>../trace`);

const traces = ['pre-commit', 'prepare-commit-msg', 'commit-msg', 'post-commit', 'post-checkout', 'post-index-change']
  .map(trace)
  .join('');

/** Signs with a checksum: what is signed is seen in the signature. */
const gpg = `script ../gpg <<'END'
sum=$(cksum)
printf '\\n[GNUPG:] SIG_CREATED D 1 8 00 1 0\\n' >&2
printf -- '-----BEGIN PGP SIGNATURE-----\\n\\n%s\\n-----END PGP SIGNATURE-----\\n' "$sum"
END
git config commit.gpgSign true
git config user.signingKey ABCD
git config gpg.program "$around/gpg"
`;

const ssh = `script ../ssh <<'END'
for file; do :; done
printf -- '-----BEGIN SSH SIGNATURE-----\\n%s\\n-----END SSH SIGNATURE-----\\n' "$(cksum <"$file")" >"$file.sig"
END
echo 'ssh-ed25519 AAAA' >../key.pub
git config commit.gpgSign true
git config gpg.format ssh
git config user.signingKey "$around/key.pub"
git config gpg.ssh.program "$around/ssh"
`;

const nobody = {
  GIT_AUTHOR_NAME: undefined,
  GIT_AUTHOR_EMAIL: undefined,
  GIT_COMMITTER_NAME: undefined,
  GIT_COMMITTER_EMAIL: undefined,
};

const withoutPolicy = `
git rm --quiet ${policy}
git commit --quiet -m 'no policy'`;

/** The model's folder with another name, or below another one. */
const moved = (folder: string): Kind => ({
  prepare: `
folder='${folder.replaceAll("'", "'\\''")}'
mkdir -p -- "./$folder"
git mv -- models/wisdom/*.yaml "./$folder/"
git commit --quiet -m moved`,
  edit: { ...brake, path: `${folder}/policy.yaml` },
});

/** A repository with the clone as its submodule. */
const outer = `
git init --quiet outer
cd outer
git submodule --quiet add "$origin" inner
git commit --quiet -m outer`;

/** A filter by which git has only what a file is called elsewhere. */
const store = `
mkdir ../store
script ../clean <<'END'
cat >"$1/next" && id=$(git hash-object "$1/next") && mv "$1/next" "$1/$id" && echo "# stored $id"
END
script ../smudge <<'END'
read -r line && cat "$1/\${line#\\# stored }"
END
git config filter.store.clean "$around/clean $around/store"
git config filter.store.smudge "$around/smudge $around/store"
git config filter.store.required true
`;

/** The work tree's policy is whole again; git still has the conflict. */
const resolved = `git checkout --quiet --ours -- ${policy}`;

export const states: Readonly<Record<string, Kind>> = {
  // What is typed.
  'a new branch': { prepare: traces, edit: brakeOnBranch },
  'a new branch, without a branch to begin with': { prepare: 'git switch --quiet --detach', edit: brakeOnBranch },
  'a new branch that is there already': {
    prepare: 'git branch brake main~1',
    edit: brakeOnBranch,
    refused: /already exists/,
    declined: /already exists/,
  },
  'a new branch beside which there is one in the way': {
    prepare: 'git branch brake/hard main~1',
    edit: brakeOnBranch,
    refused: /brake/,
    declined: /brake\/hard' exists/,
  },
  'a new branch in a linked work tree': {
    make: `
cp -RpP "$plain" first
git -C first worktree add --quiet -b topic ../linked`,
    at: 'linked',
    edit: brakeOnBranch,
  },
  'a new branch that a hook refuses': {
    prepare: hook('pre-commit', 'echo not like this >&2; exit 1'),
    edit: brakeOnBranch,
    refused: /not like this/,
  },
  'a folder that is reached through a link': {
    finish: 'ln -s clone ../link',
    from: '.',
    edit: { ...brake, words: [...brake.words, '--path', 'link/models'] },
  },
  'a submodule, from outside': {
    make: outer,
    at: 'outer/inner',
    from: 'outer',
    edit: { ...brake, words: [...brake.words, '--path', 'inner'] },
  },
  'a folder further in': { from: 'clone/models/wisdom' },
  promoted: { edit: promotion },
  'a candidate': { edit: candidate },
  'a candidate that is discarded': { edit: discarding },
  'a new policy': { prepare: withoutPolicy, edit: newPolicy },
  'a new policy on a new branch': { prepare: withoutPolicy, edit: newPolicyOnBranch },
  'a new policy that a hook refuses': {
    prepare: withoutPolicy,
    finish: hook('pre-commit', 'echo not like this >&2; exit 1'),
    edit: newPolicy,
    refused: /not like this/,
  },
  'a new policy on a new branch that a hook refuses': {
    prepare: withoutPolicy,
    finish: hook('commit-msg', 'echo not like this >&2; exit 1'),
    edit: newPolicyOnBranch,
    refused: /not like this/,
  },
  'a new policy that is announced already (git add -N)': {
    prepare: `${withoutPolicy}
touch ${policy}
git add --intent-to-add ${policy}
rm ${policy}`,
    edit: newPolicy,
  },
  'a new policy that is ignored': {
    prepare: withoutPolicy,
    finish: `echo 'policy.yaml' >.git/info/exclude`,
    edit: newPolicy,
  },
  'a new policy in a sparse checkout': {
    prepare: `${withoutPolicy}
git sparse-checkout init --no-cone && git sparse-checkout set '/*' '!/docs/'`,
    edit: newPolicy,
  },
  'a new policy with a split index': {
    prepare: `${withoutPolicy}
git config core.splitIndex true
git update-index --split-index`,
    edit: newPolicy,
  },
  'a new policy with CRLF': {
    prepare: `${withoutPolicy}
git config core.autocrlf true`,
    edit: newPolicy,
  },
  'a new policy with many files': {
    prepare: `${withoutPolicy}
git config feature.manyFiles true
git update-index --index-version 4
git update-index --untracked-cache
git status >../status`,
    edit: newPolicy,
  },

  // What else waits.
  'the policy staged with something else': {
    finish: `
echo '# mine' >>${policy}
git add ${policy}
echo '# more' >>${policy}`,
    // What git would make of the work tree's file is found out by having it stored.
    gainsObjects: true,
  },
  'other files added, renamed, removed and announced': {
    finish: `
git mv docs/readme.md docs/other.md
git rm --quiet --cached other.yaml
echo new >new.txt && git add new.txt
echo soon >soon.txt && git add --intent-to-add soon.txt`,
  },
  'other files assumed unchanged and skipped': {
    finish: `
git update-index --assume-unchanged other.yaml
git update-index --skip-worktree docs/readme.md`,
  },
  'the policy assumed unchanged': { finish: `git update-index --assume-unchanged ${policy}` },
  'the policy skipped': {
    finish: `git update-index --skip-worktree ${policy}`,
    // Git leaves such a file alone, even when it is named.
    edit: {
      ...brake,
      first: `git update-index --no-skip-worktree ${policy}`,
      last: `git update-index --skip-worktree ${policy}`,
    },
  },
  'the policy executable': {
    prepare: `
chmod +x ${policy}
git commit --quiet -am executable`,
  },
  'the policy executable only here': { finish: `chmod +x ${policy}` },
  'modes that do not count (core.fileMode)': {
    finish: `
git config core.fileMode false
chmod +x ${policy}`,
  },
  'a file system that does not tell cases apart (core.ignoreCase)': { prepare: 'git config core.ignoreCase true' },

  // Hooks.
  'hooks that look on': { prepare: traces },
  'hooks in another folder (core.hooksPath)': {
    prepare: `${traces}
mv .git/hooks ../hooks
git config core.hooksPath "$around/hooks"
${hook('pre-commit', 'echo not this one >&2; exit 1')}`,
  },
  'hooks in a folder of the work tree': {
    prepare: `${traces}
mv .git/hooks hooks
git config core.hooksPath hooks`,
  },
  'a hook that refuses (pre-commit)': {
    prepare: hook('pre-commit', 'echo this is not >&2\necho formatted; exit 1'),
    refused: /this is not(.|\n)*formatted/,
  },
  'a hook that refuses with what a terminal obeys': {
    prepare: hook('pre-commit', `printf '\\033[31mred\\033[0m\\r\\033]0;title\\007\\n' >&2; exit 1`),
    refused: /red/,
  },
  'a hook that refuses the message (commit-msg)': {
    prepare: hook('commit-msg', 'grep -q "^JIRA-" "$1" || { echo "the message names no ticket" >&2; exit 1; }'),
    refused: /the message names no ticket/,
  },
  'a hook that makes its own message fail (prepare-commit-msg)': {
    prepare: hook('prepare-commit-msg', 'echo no message today >&2; exit 3'),
    refused: /no message today/,
  },
  'a hook that formats and adds': {
    prepare: hook('pre-commit', `echo '# formatted' >>${policy}; git add ${policy}`),
  },
  'a hook that formats and does not add': { prepare: hook('pre-commit', `echo '# formatted' >>${policy}`) },
  'a hook that adds by a pattern': {
    prepare: hook('pre-commit', `git add 'models/*.yaml'; git ls-files ':(glob)models/**/*.yaml' >>../trace`),
    finish: `echo '# by hand' >>models/wisdom/status.yaml`,
  },
  'a hook that appends to the message': {
    prepare: hook('commit-msg', `echo >>"$1"; echo 'Change-Id: I1' >>"$1"`),
  },
  'a hook that replaces the message': {
    prepare: hook('prepare-commit-msg', `echo "$2" >"$1"; echo '# not a comment' >>"$1"`),
  },
  'a hook that fails when all is done (post-commit)': {
    prepare: hook('post-commit', 'echo done >>../trace; exit 1'),
  },
  'a hook that changes what was committed (post-commit)': {
    prepare: hook('post-commit', `echo '# after' >>${policy}`),
  },
  'a hook that leaves a process behind': {
    prepare: hook('post-commit', '(while test -d ../clone && test ! -e ../stop; do sleep 0.05; done) &'),
    isLeavingProcess: true,
  },
  'a hook that asks at a terminal': {
    prepare: hook('pre-commit', 'read -r answer; echo "answer: $answer" >>../trace'),
  },
  'a hook that may not be run': {
    prepare: `${hook('pre-commit', 'exit 1')}chmod -x .git/hooks/pre-commit`,
  },
  'a hook that sees each reference move': {
    prepare: hook('reference-transaction', 'echo "$1: $(cat)" >>../trace'),
  },
  'a hook that lets no reference move': {
    finish: hook('reference-transaction', '[ "$1" != prepared ] || { echo frozen >&2; exit 1; }'),
    refused: /frozen|ref updates aborted by hook/,
  },

  // Signatures and messages.
  signed: { prepare: gpg },
  'signed, on a new branch': { prepare: gpg, edit: brakeOnBranch },
  'signed by SSH': { needs: "git help --config | grep -q '^gpg.ssh'", prepare: ssh },
  'a signature that fails': {
    prepare: `${gpg}
script ../gpg <<'END'
echo 'gpg: no secret key' >&2
exit 2
END
`,
    refused: /gpg failed to sign the data/,
  },
  'a signature by a program that is not there': {
    prepare: `${gpg}git config gpg.program "$around/nowhere"`,
    refused: /nowhere|gpg failed to sign the data/,
  },
  'a template of the message': {
    prepare: `
echo 'Why is this needed?' >../template
git config commit.template "$around/template"`,
  },
  'messages as they are (commit.cleanup=verbatim)': { prepare: 'git config commit.cleanup verbatim' },
  'messages without comments (commit.cleanup=strip)': { prepare: 'git config commit.cleanup strip' },
  'a message that is all comment (core.commentChar)': {
    prepare: `
git config core.commentChar w
git config commit.cleanup strip`,
    refused: /empty commit message/,
  },
  'the difference below the message (commit.verbose)': {
    prepare: `
git config commit.verbose true
git config commit.status false`,
  },
  'another encoding': {
    prepare: 'git config i18n.commitEncoding ISO-8859-1',
    environment: () => ({ GIT_AUTHOR_NAME: 'Ada L.', GIT_AUTHOR_DATE: '2026-01-02T03:04:05-0330' }),
  },

  // Persons.
  'a person by the configuration': {
    prepare: `
git config user.name 'Grace Höpper'
git config user.email grace@example.com
git config user.useConfigOnly true`,
    environment: () => nobody,
  },
  'an author and a committer by the configuration': {
    prepare: `
git config author.name Grace
git config author.email grace@example.com
git config committer.name Bot
git config committer.email bot@example.com`,
    environment: () => nobody,
  },
  'an author and a committer by the environment': {
    environment: () => ({ GIT_AUTHOR_NAME: ' Grace <> ', GIT_COMMITTER_EMAIL: 'bot@example.com' }),
  },
  nobody: {
    prepare: 'git config user.useConfigOnly true',
    environment: () => ({ ...nobody, EMAIL: undefined }),
    refused: /Please tell me who you are|no (email|name) was given/,
  },

  // Filters.
  'with keywords (ident)': {
    prepare: `
echo '*.yaml ident' >.git/info/attributes
echo '# $Id$' >>${policy}
git commit --quiet -am keyword
rm ${policy}
git checkout --quiet -- ${policy}
grep -q 'Id: ' ${policy}`,
  },
  'with files that are stored elsewhere': {
    prepare: `${store}
echo 'other.yaml filter=store' >.gitattributes
git add --renormalize . && git add .gitattributes && git commit --quiet -m store`,
  },
  'with a policy that is stored elsewhere': {
    prepare: `${store}
echo 'policy.yaml filter=store' >.gitattributes
git add --renormalize . && git add .gitattributes && git commit --quiet -m store`,
  },
  'with a filter that fails and is required': {
    finish: `
echo '*.yaml filter=broken' >.git/info/attributes
git config filter.broken.clean false
git config filter.broken.required true`,
    refused: /clean filter 'broken' failed/,
  },
  'with a filter that fails and is not required': {
    finish: `
echo '*.yaml filter=broken' >.git/info/attributes
git config filter.broken.clean false`,
  },
  'with line ends that would not come back (core.safecrlf)': {
    finish: `
git config core.autocrlf true
git config core.safecrlf true`,
    refused: /LF would be replaced by CRLF/,
  },
  'with line ends that git warns of': { prepare: 'git config core.autocrlf true' },

  // Names.
  'a folder with spaces and quotes': moved(`models/my "own" it's wisdom`),
  'a folder of other letters (NFC)': moved('models/gr\u00f6\u00dfe'),
  'a folder of other letters (NFD)': moved('models/gro\u0308sse'),
  'a folder with a tab and a line feed': moved('models/a\tb\nc'),
  'a folder that begins with a dash': moved('-wisdom'),
  'a folder that looks like an option': moved('--amend'),
  'a folder that looks like a pathspec': moved(':(top)models'),
  'a folder that looks like its opposite': moved(':!models'),
  'a folder that looks like a pattern': {
    ...moved('[m]*'),
    finish: `echo '# by hand' >>docs/readme.md; mkdir -p models; echo '# by hand' >models/policy.yml; git add models`,
  },
  'a folder with a backslash': moved('mod\\els'),
  'a model that is called like a revision': moved('HEAD'),

  // What git will not do, or only in part.
  'a merge that is not finished': {
    prepare: 'git merge --quiet --no-ff --no-commit origin/aside 2>/dev/null',
    refused: /cannot do a partial commit during a merge|merge/,
  },
  'a merge with a conflict': {
    prepare: `
! git merge --quiet origin/side
${resolved}`,
    refused: /merge/,
  },
  'a cherry-pick that is not finished': {
    prepare: `
! git cherry-pick origin/side
${resolved}`,
    refused: /cherry-pick/,
  },
  'a revert that is not finished': {
    prepare: 'git revert --no-commit main~1',
    declined: /revert/,
  },
  'a rebase that is not finished': {
    prepare: `
! git rebase --quiet origin/side
${resolved}`,
    declined: /rebase|no branch is checked out/,
  },
  'a rebase that has stopped between two commits': {
    prepare: '! git rebase --quiet --exec false main~2',
    declined: /rebase|no branch is checked out/,
  },
  'a bisection': {
    prepare: 'git bisect start && git bisect bad && git bisect good main~3',
    declined: /no branch is checked out/,
  },
  'a bisection that has just begun': { prepare: 'git bisect start' },
  'a conflict elsewhere, of a stash': {
    prepare: `
echo 'a: 3' >docs/readme.md
git stash --quiet
echo 'a: 4' >docs/readme.md
git commit --quiet -am docs
! git stash apply --quiet`,
  },
  'an index that is locked': { finish: 'touch .git/index.lock', refused: /index\.lock/ },
  'a branch that is locked': { finish: 'touch .git/refs/heads/main.lock', refused: /main\.lock/ },
  'a HEAD that is locked': { finish: 'touch .git/HEAD.lock', refused: /HEAD\.lock/ },
  'a new branch, and an index that is locked': {
    finish: 'touch .git/index.lock',
    edit: brakeOnBranch,
    refused: /index\.lock/,
  },
  'objects that cannot be written': {
    prepare: 'git repack -adq',
    finish: `
id=$(sed 's/mirrorPercentage: 20/mirrorPercentage: 0/' ${policy} | git hash-object --stdin)
folder=.git/objects/$(printf %.2s "$id")
test ! -e "$folder"
echo 'a file' >"$folder"`,
    refused: /unable to (create|write)|insufficient permission|Not a directory/,
  },
  'a format that this git does not know': {
    finish: `
git config core.repositoryFormatVersion 1
git config extensions.noSuch true`,
    refused: /unknown repository extension/,
  },
  'a repository that is not there any more': {
    finish: `rm -r .git && echo 'gitdir: ../nowhere' >.git`,
    refused: /not a git repository|not point to a valid repository/,
  },
  'a repository of somebody else': {
    needs: `git init --quiet probe-owner && ! GIT_TEST_ASSUME_DIFFERENT_OWNER=1 git -C probe-owner status`,
    environment: () => ({ GIT_TEST_ASSUME_DIFFERENT_OWNER: '1' }),
    refused: /dubious ownership|unsafe repository/,
  },
  'a branch without a commit': {
    prepare: `
git switch --quiet --orphan fresh
git checkout --quiet main -- .`,
    declined: /there is no commit yet/,
  },
  'whose promisor is gone': {
    make: `
cp -RpP "$origin" gone
git clone --quiet --filter=blob:none "file://$around/gone" clone
rm -rf gone`,
  },
  'objects in another folder': {
    finish: `
mkdir -p ../objects .git/objects/info
echo "$around/objects" >.git/objects/info/alternates`,
    environment: (around) => ({
      GIT_OBJECT_DIRECTORY: `${around}/objects`,
      GIT_ALTERNATE_OBJECT_DIRECTORIES: `${around}/clone/.git/objects`,
    }),
  },
  'without logs (core.logAllRefUpdates)': {
    prepare: `
git config core.logAllRefUpdates false
rm -r .git/logs`,
  },
  'with logs of everything': { prepare: 'git config core.logAllRefUpdates always', edit: brakeOnBranch },
};

/** What even a look may disturb. */
export const dryStates: Readonly<Record<string, Kind>> = {
  'hooks that look on': { prepare: traces },
  'a new policy on a new branch': { prepare: `${traces}${withoutPolicy}`, edit: newPolicyOnBranch },
  'an index that is locked': { finish: 'touch .git/index.lock' },
  'a split index': {
    prepare: `
git config core.splitIndex true
git update-index --split-index`,
  },
};
