import { mask } from '../../core/diagnostics/safe-text.ts';
import type { Log, LogFields } from '../../core/ports/watch.ts';
import type { Style } from '../../output/style.ts';

type Level = 'info' | 'warn' | 'error';
type Write = (line: string) => void;

/** One JSON object per line, for a cluster's log collector. */
export function toJsonLog(write: Write): Log {
  return toLog((level, message, fields) =>
    write(`${JSON.stringify({ time: new Date().toISOString(), level, message, ...fields })}\n`),
  );
}

/** One readable line per message, for a terminal. */
export function toLineLog(write: Write, style: Style): Log {
  const colours = { info: 'green', warn: 'yellow', error: 'red' } as const;
  return toLog((level, message, fields) => {
    const time = new Date().toISOString().slice(11, 19);
    const shown = Object.entries(fields).map(([key, value]) => ` ${key}=${String(value)}`);
    write(
      `${style('dim', time)} ${style(colours[level], level.padEnd(5))} ${message}${style('dim', shown.join(''))}\n`,
    );
  });
}

function toLog(write: (level: Level, message: string, fields: LogFields) => void): Log {
  const say =
    (level: Level) =>
    (message: string, fields: LogFields = {}) => {
      const shown = Object.entries(fields).filter(([, value]) => value !== undefined);
      write(level, mask(message), Object.fromEntries(shown));
    };
  return { info: say('info'), warn: say('warn'), error: say('error') };
}
