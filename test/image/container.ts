/**
 * A program in the root file system of the image, as a cluster runs it: read-only, with /tmp and what is mounted, as user 999
 * without capabilities. The network is the caller's, or a namespace of ip(8).
 */
export interface Mount {
  readonly from: string;
  /** In the container, by way of no link: those would lead out of it. */
  readonly to: string;
  readonly isWritable?: boolean;
}

export interface Container {
  /** The image's root file system. */
  readonly root: string;
  /** All variables that the program gets. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Beside /proc and what programs expect in /dev. */
  readonly mounts?: readonly Mount[];
  /** A network namespace's name. */
  readonly network?: string;
  /** Where the command is run; /tmp, if absent. */
  readonly folder?: string;
  /** /tmp is an empty folder that can be written to. */
  readonly hasTmp?: boolean;
  /** Absent: 0, which a kubelet takes where neither the Pod nor /etc/passwd of the image names one. */
  readonly group?: number;
}

export const user = 999;
const devices = ['null', 'zero', 'full', 'random', 'urandom'].map((name) => `/dev/${name}`);

/** Its arguments: the root, whether there is a /tmp, the group, how many lines of mounts come, those, and then the command. All in a mount namespace of its own. */
const script = `set -e
root=$1; tmp=$2; group=$3; count=$4; shift 4
mount --make-rprivate /
mount --bind "$root" "$root"
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
[ "$tmp" = false ] || mount -t tmpfs -o nosuid,nodev,mode=1777 tmpfs "$root/tmp"
while [ "$count" -gt 0 ]; do
  # What something is mounted at must be there: a container's runtime makes it, too.
  if [ -d "$2" ]; then mkdir -p "$root$3"; else mkdir -p "$(dirname "$root$3")"; [ -e "$root$3" ] || : >"$root$3"; fi
  mount --bind "$2" "$root$3"
  [ "$1" = rw ] || mount -o remount,bind,ro "$root$3"
  count=$((count - 1)); shift 3
done
mount -o remount,bind,ro "$root"
exec chroot "$root" setpriv --reuid ${user} --regid "$group" --clear-groups \\
  --inh-caps -all --bounding-set -all --no-new-privs "$@"`;

/**
 * @param command with its words; its name is looked up in the image's PATH.
 * @returns what is to be executed, by root: it becomes the command without a process in between, so that signals reach it.
 */
export function toContained(container: Container, command: readonly string[]): readonly [string, ...string[]] {
  const { root, environment = {}, mounts = [], network, folder = '/tmp', hasTmp = false, group = 0 } = container;
  const all: readonly Mount[] = [...devices.map((path) => ({ from: path, to: path, isWritable: true })), ...mounts];
  const lines = all.flatMap(({ from, to, isWritable = false }) => [isWritable ? 'rw' : 'ro', from, to]);
  // As for every user without an entry in /etc/passwd.
  const variables = Object.entries({ HOME: '/', ...environment }).map(([name, value]) => `${name}=${value}`);
  const words = ['sh', '-c', script, 'sh', root, `${hasTmp}`, `${group}`, `${all.length}`, ...lines];
  const contained = ['unshare', '--mount', ...words, 'env', '-i', `--chdir=${folder}`, ...variables, ...command];
  return network === undefined ? (contained as [string]) : ['ip', 'netns', 'exec', network, ...contained];
}
