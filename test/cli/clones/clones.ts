/** Clones that hold the very history of their origin, in whatever way it is stored, checked out and configured. */
import type { Kind } from './kind.ts';
import { policy } from './kind.ts';

/** What a program that reads what git prints may stumble over. */
const printing = `
git config color.ui always
git config color.status always
git config column.ui always
git config core.pager 'sh -c "cat >../paged"'
git config pager.status true
git config pager.diff true
git config pager.log true
git config pager.show true
git config core.abbrev 4
git config core.quotePath false
git config push.default nothing
git config log.showSignature true
git config log.date relative
git config log.decorate full
git config log.abbrevCommit true
git config log.showRoot false
git config log.follow true
git config format.pretty oneline
git config status.short true
git config status.branch true
git config status.showStash true
git config status.showUntrackedFiles all
git config status.relativePaths true
git config status.submoduleSummary true
git config status.aheadBehind false
git config status.renames copies
git config diff.noprefix true
git config diff.mnemonicPrefix true
git config diff.external 'sh -c "echo external >>../diffed"'
git config diff.renames copies
git config diff.ignoreSubmodules all
git config diff.relative true
git config diff.submodule log
git config diff.context 0
git config diff.wordRegex .
git config diff.statGraphWidth 3
git config diff.algorithm patience
git config advice.statusHints false
git config branch.sort -committerdate
git config tag.sort -version:refname
git config i18n.logOutputEncoding ISO-8859-1
`;

const outer = `
git init --quiet outer
cd outer
git submodule --quiet add "$origin" inner
git commit --quiet -m outer`;

/** Checks out again what is there, and that it now has what it should. */
const checkOut = (sign: string) => `
rm -r models *.yaml
git checkout --quiet -- .
grep -q "${sign}" ${policy}`;

const carriageReturn = `$(printf '\\r')`;

/** Only the last commit is whole. */
const shallowHistory = /^0\n(?!(.|\n)*(start|try v2))(.|\n)*shallow(.|\n)*mirror 20 %/;

export const clones: Readonly<Record<string, Kind>> = {
  plain: {},
  'packed, with a commit graph, a multi-pack index and bitmaps': {
    prepare: `
git pack-refs --all
git repack -adqb
git commit-graph write --reachable --no-progress
git multi-pack-index write --no-progress`,
  },
  'in several packs': {
    make: 'git clone --quiet "file://$origin" clone',
    prepare: `
echo more >../more
git hash-object -w ../more | git pack-objects --quiet .git/objects/pack/pack >../name
git prune-packed`,
  },
  'of SHA-256': {
    make: `
git init --quiet --object-format=sha256 clone
git -C "$origin" fast-export --all | git -C clone fast-import --quiet
cd clone
git checkout --quiet main
git remote add origin ../origin
for name in main side aside; do git update-ref refs/remotes/origin/$name refs/heads/$name; done
git branch --quiet -D side aside
git symbolic-ref refs/remotes/origin/HEAD refs/remotes/origin/main`,
    hasOtherIds: true,
  },
  'of reftable': {
    needs: 'git init --quiet --ref-format=reftable probe-reftable',
    make: 'git clone --quiet --ref-format=reftable "$origin" clone',
    hasReftable: true,
  },
  shallow: {
    make: 'git clone --quiet --depth 2 --no-single-branch "file://$origin" clone',
    history: shallowHistory,
  },
  'of a single branch': { make: 'git clone --quiet --single-branch "$origin" clone' },
  'without blobs': {
    make: 'git clone --quiet --filter=blob:none "file://$origin" clone',
    gainsObjects: true,
  },
  'without trees': {
    make: 'git clone --quiet --filter=tree:0 "file://$origin" clone',
    gainsObjects: true,
  },
  'a linked work tree': {
    make: `
cp -RpP "$plain" first
git -C first worktree add --quiet -b topic ../linked`,
    at: 'linked',
  },
  'a linked work tree with a configuration of its own': {
    make: `
cp -RpP "$plain" first
git -C first worktree add --quiet -b topic ../linked
git -C first config extensions.worktreeConfig true
git -C linked config --worktree i18n.commitEncoding ISO-8859-1
git -C first config --worktree core.abbrev 5`,
    at: 'linked',
  },
  'a linked work tree of a bare repository': {
    make: `
git clone --quiet --bare "$origin" store
git -C store worktree add --quiet ../clone main
for name in main side aside; do git -C store update-ref refs/remotes/origin/$name refs/heads/$name; done
git -C store symbolic-ref refs/remotes/origin/HEAD refs/remotes/origin/main`,
  },
  'a submodule': { make: outer, at: 'outer/inner' },
  'with a reference': {
    make: `
cp -RpP "$origin" store
git clone --quiet --reference store "file://$origin" clone`,
  },
  'with shared objects': {
    make: `
cp -RpP "$origin" store
git clone --quiet --shared store clone`,
  },
  'with objects of another one, by a relative path': {
    make: `
cp -RpP "$origin" store
cp -RpP "$plain" clone
mkdir -p clone/.git/objects/info
echo ../../../store/objects >clone/.git/objects/info/alternates
rm -rf clone/.git/objects/pack`,
  },
  'in a folder with a name that a shell would read': {
    make: `cp -RpP "$plain" './-my "clone": [a]*;$(b)'`,
    at: '-my "clone": [a]*;$(b)',
  },
  'within another repository': {
    make: `
git init --quiet outer
mkdir outer/models
echo 'other: true' >outer/other.yaml
git -C outer add other.yaml
cp -RpP "$plain" outer/models/clone`,
    at: 'outer/models/clone',
  },
  'with a work tree elsewhere (core.worktree)': {
    make: `
cp -RpP "$plain" clone
mv clone/.git store
echo "gitdir: $around/store" >clone/.git
git -C store config core.worktree "$around/clone"`,
  },
  'with a HEAD that is a link': { finish: 'rm .git/HEAD && ln -s refs/heads/main .git/HEAD' },
  'with its repository elsewhere': { make: 'git clone --quiet --separate-git-dir store "$origin" clone' },
  'with its repository behind a link': { finish: 'mv .git ../store && ln -s ../store .git' },
  'reached through a link': { finish: 'ln -s clone ../link', from: 'link' },
  'with many files': {
    prepare: `
git config feature.manyFiles true
git update-index --index-version 4
git update-index --untracked-cache
git status >../status`,
  },
  'with a split index': {
    prepare: `
git config core.splitIndex true
git update-index --split-index`,
  },
  'with a sparse checkout': { prepare: `git sparse-checkout init --no-cone && git sparse-checkout set '/*' '!/docs/'` },
  'with a sparse checkout of cones': { prepare: 'git sparse-checkout init --cone && git sparse-checkout set models' },
  'with a sparse index': {
    needs: 'git init --quiet probe-sparse && git -C probe-sparse sparse-checkout init --cone --sparse-index',
    prepare: 'git sparse-checkout init --cone --sparse-index && git sparse-checkout set models',
    // Up to git 2.39 at least, `git ls-files` stores the trees of such an index.
    gainsObjects: true,
  },
  'watched by a file system monitor': {
    prepare: `
script ../monitor <<'END'
printf 'token\\0/\\0'
END
git config core.fsmonitor "$around/monitor"
git update-index --fsmonitor
git status >../status`,
  },
  'with CRLF in the work tree, by core.autocrlf': {
    prepare: `git config core.autocrlf true${checkOut(carriageReturn)}`,
  },
  'with core.autocrlf=input': { prepare: 'git config core.autocrlf input' },
  'with CRLF in the work tree, by an attribute': {
    prepare: `echo '*.yaml eol=crlf' >.git/info/attributes${checkOut(carriageReturn)}`,
  },
  'with text=auto': { prepare: `echo '* text=auto' >.git/info/attributes` },
  'with an encoding of the work tree': {
    prepare: `echo '*.yaml working-tree-encoding=ISO-8859-1' >.git/info/attributes`,
  },
  'with a filter': {
    prepare: `
echo '*.yaml filter=local' >.git/info/attributes
git config filter.local.clean "sed 's/ # local$//'"
git config filter.local.smudge "sed 's/^spec:$/spec: # local/'"
git config filter.local.required true${checkOut('# local')}`,
  },
  'with settings of what git prints': { prepare: printing },
  'with aliases that are called like commands': {
    prepare: `
for name in add commit status diff log switch cat-file rev-parse rev-list fetch push; do
  git config alias.$name '!echo alias >>../alias; false'
done`,
  },
  'with a configuration that includes others': {
    prepare: `
git config include.path ../../more.config
git config "includeIf.gitdir:$around/**.path" ../../one.config
git config includeIf.onbranch:main.path ../../two.config
git config -f ../more.config i18n.commitEncoding ISO-8859-1
git config -f ../one.config commit.cleanup verbatim
git config -f ../two.config core.abbrev 6`,
  },
  'with settings in the environment': {
    environment: () => ({
      GIT_CONFIG_COUNT: '2',
      GIT_CONFIG_KEY_0: 'i18n.commitEncoding',
      GIT_CONFIG_VALUE_0: 'ISO-8859-1',
      GIT_CONFIG_KEY_1: 'core.abbrev',
      GIT_CONFIG_VALUE_1: '5',
    }),
  },
  'traced, with odd programs in the environment': {
    environment: (around) => ({
      GIT_TRACE: '1',
      GIT_TRACE_SETUP: '1',
      GIT_EXTERNAL_DIFF: `${around}/no-diff`,
      GIT_DIFF_OPTS: '--unified=0',
      GIT_PAGER: `${around}/no-pager`,
      PAGER: `${around}/no-pager`,
      GIT_EDITOR: `${around}/no-editor`,
      GIT_SEQUENCE_EDITOR: `${around}/no-editor`,
      LC_ALL: 'de_DE.UTF-8',
      LANGUAGE: 'de',
      TERM: 'dumb',
    }),
  },
  'within a hook of its own': {
    environment: (around) => ({
      GIT_DIR: `${around}/clone/.git`,
      GIT_WORK_TREE: `${around}/clone`,
      GIT_INDEX_FILE: `${around}/clone/.git/index`,
      GIT_PREFIX: '',
    }),
  },
  'within a hook of another repository': {
    make: `
cp -RpP "$plain" clone
git init --quiet other`,
    environment: (around) => ({
      GIT_DIR: `${around}/other/.git`,
      GIT_WORK_TREE: `${around}/other`,
      GIT_COMMON_DIR: `${around}/other/.git`,
      GIT_INDEX_FILE: `${around}/other/.git/index`,
      GIT_PREFIX: 'models/',
      GIT_CONFIG: `${around}/other/.git/config`,
    }),
    isGitOnItsOwn: true,
  },
  'where all paths are literal': { environment: () => ({ GIT_LITERAL_PATHSPECS: '1' }) },
  'where paths are taken in any case': {
    needs: 'test ! -e .GITCONFIG',
    environment: () => ({ GIT_ICASE_PATHSPECS: '1' }),
    finish: `
echo 'a: 1' >models/wisdom/Policy.yaml.txt
mkdir MODELS && cp -R models/wisdom MODELS/WISDOM && rm MODELS/WISDOM/*
echo mine >MODELS/WISDOM/POLICY.YAML
git add MODELS
echo more >>MODELS/WISDOM/POLICY.YAML`,
    isGitOnItsOwn: true,
  },
  'detached from every branch': {
    prepare: 'git switch --quiet --detach',
    declined: /no branch is checked out/,
  },
  'with an object that replaces another': {
    prepare: 'git replace "$(git rev-parse HEAD:docs/readme.md)" "$(git rev-parse origin/aside:docs/readme.md)"',
  },
  'with a graft': { prepare: `echo "$(git rev-parse main) $(git rev-parse main~1)" >.git/info/grafts` },
  'with notes': {
    prepare: `
git notes add -m 'looked at' main
git config notes.displayRef '*'`,
  },
  'with a tag that is called like the branch': { prepare: 'git tag main main' },
  'with files that are called like revisions': {
    prepare: `for name in HEAD main 'main~1' 'HEAD~1' origin; do echo x >"$name"; done`,
  },
  'with a branch that is called like a file': { prepare: `git switch --quiet --create ${policy} --track origin/main` },
  'on a branch with a name that a shell would read': { prepare: `git switch --quiet --create "it's;\\$(touch&run)"` },
  'on a branch with a name of other letters': { prepare: 'git switch --quiet --create größe/模型' },
  'on a branch that begins with a dash': {
    prepare: `
git update-ref refs/heads/-f HEAD
git symbolic-ref HEAD refs/heads/-f`,
  },
  'on a branch that is called HEAD': {
    prepare: `
git update-ref refs/heads/HEAD HEAD
git symbolic-ref HEAD refs/heads/HEAD`,
  },
  'on a branch that is called like another commit': {
    prepare: `
name=refs/heads/$(git rev-parse main~1)
git update-ref $name HEAD
git symbolic-ref HEAD $name`,
  },
  'of a repository that a group shares': { prepare: 'git init --quiet --shared=group' },
  'with files whose names are not UTF-8': {
    needs: `touch "$(printf 'probe-\\344')"`,
    prepare: `
bad="$(printf 'b\\344d')"
echo bad >"$bad"
echo bad >"$bad.staged"
git add "$bad.staged"`,
  },
  'with a stash': {
    prepare: `
echo stashed >other.yaml
git stash --quiet`,
  },
};

/** Without a work tree: nothing can be edited. */
export const bareClones: Readonly<Record<string, Kind>> = {
  bare: { make: 'git clone --quiet --bare "$origin" clone' },
  'bare, a mirror': { make: 'git clone --quiet --mirror "$origin" clone' },
  'bare, packed': {
    make: `
git clone --quiet --bare "$origin" clone
git -C clone repack -adqb
git -C clone pack-refs --all
git -C clone commit-graph write --reachable --no-progress`,
  },
  'bare, shallow': {
    make: 'git clone --quiet --bare --depth 2 "file://$origin" clone',
    history: shallowHistory,
  },
  'bare, without blobs': {
    make: 'git clone --quiet --bare --filter=blob:none "file://$origin" clone',
    gainsObjects: true,
  },
  'bare, without trees': {
    make: 'git clone --quiet --bare --filter=tree:0 "file://$origin" clone',
    gainsObjects: true,
  },
  'bare, of SHA-256': {
    make: `
git init --quiet --bare --object-format=sha256 clone
git -C "$origin" fast-export --all | git -C clone fast-import --quiet`,
    hasOtherIds: true,
  },
  'bare, of reftable': {
    needs: 'git init --quiet --bare --ref-format=reftable probe-bare-reftable',
    make: 'git clone --quiet --bare --ref-format=reftable "$origin" clone',
    hasReftable: true,
  },
  'bare, while a push is received': {
    make: `
git clone --quiet --bare "$origin" clone
mkdir clone/objects/incoming
mv clone/objects/pack clone/objects/incoming/pack
mkdir clone/objects/pack`,
    environment: (around) => ({
      GIT_DIR: '.',
      GIT_QUARANTINE_PATH: `${around}/clone/objects/incoming`,
      GIT_OBJECT_DIRECTORY: `${around}/clone/objects/incoming`,
      GIT_ALTERNATE_OBJECT_DIRECTORIES: `${around}/clone/objects`,
    }),
  },
  'bare, with objects of another one': {
    make: `
cp -RpP "$origin" store
git clone --quiet --bare --shared store clone`,
  },
};

interface Lacking extends Kind {
  readonly lacking: RegExp;
  /** Commands for which there is enough. */
  readonly reached?: readonly string[];
  readonly canEdit?: boolean;
}

/** What is asked for is not there. */
export const lackingClones: Readonly<Record<string, Lacking>> = {
  'whose promisor is gone': {
    make: `
cp -RpP "$origin" gone
git clone --quiet --filter=blob:none "file://$around/gone" clone
rm -rf gone`,
    lacking: /gone|this clone does not have/,
  },
  'shallow, of one commit': {
    make: 'git clone --quiet --depth 1 "file://$origin" clone',
    lacking: /the clone is shallow: run git fetch --unshallow/,
    reached: ['history'],
  },
  'without a commit': {
    make: 'git init --quiet clone',
    lacking: /there is no (commit|branch) yet/,
    canEdit: false,
  },
};
