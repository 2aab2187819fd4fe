/** The signals by which a person ends a program: Ctrl-C, `kill`, and the closing of the terminal. */
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** @returns is aborted by the first of them; what is under way then ends in order, and later ones change nothing. */
export function listenForEnd(): AbortSignal {
  const stop = new AbortController();
  for (const signal of signals) process.on(signal, () => stop.abort());
  return stop.signal;
}
