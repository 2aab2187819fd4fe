import type { Log } from '../core/ports/watch.ts';
import { toJsonLog, toLineLog } from '../io/process/log.ts';
import type { Host } from './host.ts';

/** Where a command that runs for long says what it does. @param form undefined: text on a terminal, JSON elsewhere. */
export function toHostLog(form: 'json' | 'text' | undefined, host: Host): Log {
  const write = (line: string) => host.write(2, [line]);
  const asJson = form === 'json' || (form === undefined && !host.isTerminal(2));
  return asJson ? toJsonLog(write) : toLineLog(write, host.style(2));
}
