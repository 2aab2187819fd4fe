/** The content of a commit, as isomorphic-git reads it: from a file system, that has this object alone. */
import { deflateSync } from 'node:zlib';
import type { CommitObject, PromiseFsClient } from 'isomorphic-git';
import git from 'isomorphic-git';

const gitdir = '/one';

/** @throws Error when the content is no commit, or has another id. */
export async function readCommit(id: string, content: Buffer): Promise<CommitObject> {
  const wrapped = Buffer.concat([Buffer.from(`commit ${content.length}\0`), content]);
  const { commit } = await git.readCommit({ fs: toFileSystem(id, deflateSync(wrapped)), gitdir, oid: id, cache: {} });
  return commit;
}

function toFileSystem(id: string, file: Buffer): PromiseFsClient {
  const path = `${gitdir}/objects/${id.slice(0, 2)}/${id.slice(2)}`;
  const refuse = async (other: string) => {
    throw Object.assign(new Error(`ENOENT: ${other}`), { code: 'ENOENT' });
  };
  return {
    promises: {
      readFile: (other: string) => (other === path ? Promise.resolve(file) : refuse(other)),
      readdir: async () => [],
      writeFile: refuse,
      unlink: refuse,
      mkdir: refuse,
      rmdir: refuse,
      stat: refuse,
      lstat: refuse,
      readlink: refuse,
      symlink: refuse,
    },
  };
}
