import { Fault } from '../../core/diagnostics/fault.ts';
import { quote, safe } from '../../core/diagnostics/safe-text.ts';

/** Longer ones are not typed by people, and every route carries it. */
const maxLength = 500;

/**
 * Where people open the watcher's pages, without a slash at the end.
 *
 * @throws Fault when it is no such address, or has credentials, which everybody who sees the routes could read.
 */
export function toWatcherUrl(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const url = text.length > maxLength ? null : URL.parse(text);
  const isPlain = url !== null && /^https?:$/.test(url.protocol) && !/[?#@\\\s]/.test(text);
  if (url === null || !isPlain || url.username !== '' || url.password !== '')
    throw new Fault(
      'usage',
      safe`${quote(text)} is not an address of the watcher's pages`,
      safe`write for example https://mirrors.example.com, without a user, "?" or "#"`,
    );
  let end = url.href.length;
  while (url.href[end - 1] === '/') end--;
  return url.href.slice(0, end);
}
