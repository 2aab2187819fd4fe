/**
 * Posts events to the address of `--notify-url`, one after the other, in the order in which they happened.
 *
 * Invariants: whoever adds an event never waits, and nothing here throws; what waits is bounded; the address, which may be a
 * secret, is sent to its own host (or the proxy) alone, and nothing but the host is ever shown; redirects are not followed.
 */
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { mask, safe } from '../../core/diagnostics/safe-text.ts';
import { computeBackoff } from '../../core/pacing/backoff.ts';
import type { Clock, Log } from '../../core/ports/watch.ts';
import type { Environment } from '../process/argocd-environment.ts';
import { fetch, ProxyTrouble } from '../process/fetch.ts';
import { toRetryAfterMs } from '../process/retry-after.ts';

/** An event as it is posted. */
export interface Notification {
  readonly id: string;
  /** JSON. */
  readonly body: string;
}

/**
 * What becomes of an event:
 * - delivered;
 * - refused: the receiver does not accept it;
 * - expired: there was no answer for an hour, or answers that it cannot take anything now;
 * - overflowed: too many others came after it while it waited;
 * - abandoned: the watcher ended.
 */
export const notifyResults = ['delivered', 'refused', 'expired', 'overflowed', 'abandoned'] as const;
export type NotifyResult = (typeof notifyResults)[number];

interface NotifyPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: { readonly notified: (result: NotifyResult) => void; readonly retry: (cause: 'notify') => void };
  readonly environment: Environment;
}

interface Limits {
  readonly most: number;
  /** How long an answer may take. */
  readonly answerMs: number;
  /** How long one event is tried, from its first attempt. */
  readonly patienceMs: number;
  /** Of pauses between attempts. */
  readonly pauses: { readonly first: number; readonly longest: number };
}

const usual: Limits = {
  most: 1000,
  answerMs: 10_000,
  patienceMs: 3_600_000,
  pauses: { first: 1000, longest: 60_000 },
};

type Outcome =
  | { readonly is: 'delivered' }
  | { readonly is: 'refused'; readonly why: SafeText }
  | { readonly is: 'failed'; readonly why: SafeText; readonly retryAfterMs: number | undefined };

export class Notifier {
  readonly #url: string;
  readonly #title: SafeText;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #ports: NotifyPorts;
  readonly #limits: Limits;
  readonly #waiting: Notification[] = [];
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  #failures = 0;
  #isOverflowing = false;

  /** @param address of http or https; its user and password are sent as Basic authentication. */
  constructor(address: URL, ports: NotifyPorts, limits: Partial<Limits> = {}) {
    const url = new URL(address);
    const { username, password } = url;
    const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    url.username = '';
    url.password = '';
    this.#url = url.href;
    this.#title = mask(url.host);
    this.#headers = {
      'Content-Type': 'application/json',
      'User-Agent': 'model-mirror',
      ...(user === ':' ? {} : { Authorization: `Basic ${Buffer.from(user).toString('base64')}` }),
    };
    this.#ports = ports;
    this.#limits = { ...usual, ...limits };
  }

  /** How many events wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  add(events: readonly Notification[]): void {
    const { log } = this.#ports;
    for (const event of events) this.#waiting.push(event);
    const left = this.#waiting.splice(0, Math.max(0, this.#waiting.length - this.#limits.most));
    for (const _ of left) this.#ports.meter.notified('overflowed');
    if (left.length > 0 && !this.#isOverflowing)
      log.warn(safe`too many notifications wait for ${this.#title}: the oldest are dropped`);
    this.#isOverflowing = left.length > 0;
    if (this.#waiting.length > 0) this.#running ??= this.#run().finally(() => (this.#running = undefined));
  }

  /** Waits until all are delivered, at most until the signal is aborted. */
  async finish(signal: AbortSignal): Promise<void> {
    const end = () => this.#stop.abort();
    if (signal.aborted) end();
    signal.addEventListener('abort', end, { once: true });
    await this.#running;
    signal.removeEventListener('abort', end);
  }

  async #run(): Promise<void> {
    const { clock, meter, log } = this.#ports;
    let since = clock.now();
    let current: Notification | undefined;
    while (this.#waiting[0] !== undefined) {
      const next = this.#waiting[0];
      if (next !== current) since = clock.now();
      current = next;
      const outcome = this.#stop.signal.aborted ? undefined : await this.#post(next);
      if (this.#stop.signal.aborted && outcome?.is !== 'delivered') {
        for (const _ of this.#waiting.splice(0)) meter.notified('abandoned');
        return;
      }
      if (outcome === undefined) return;
      if (outcome.is === 'failed' && clock.now() - since < this.#limits.patienceMs) {
        await this.#pause(outcome.why, outcome.retryAfterMs);
        continue;
      }
      if (outcome.is === 'delivered' && this.#failures > 0)
        log.info(safe`notifications reach ${this.#title} again`, { after: this.#failures });
      if (outcome.is !== 'failed') this.#failures = 0;
      if (outcome.is === 'refused')
        log.error(safe`a notification is refused by ${this.#title}: ${outcome.why}`, { id: mask(next.id) });
      meter.notified(outcome.is === 'failed' ? 'expired' : outcome.is);
      // It may have been dropped meanwhile, to make room.
      if (this.#waiting[0] === next) this.#waiting.shift();
    }
  }

  async #pause(why: SafeText, retryAfterMs = 0): Promise<void> {
    const { clock, log, meter } = this.#ports;
    this.#failures++;
    meter.retry('notify');
    const pause = Math.max(retryAfterMs, computeBackoff(this.#failures, clock.random(), this.#limits.pauses));
    const write = this.#failures === 1 ? log.warn : log.info;
    write(safe`cannot notify ${this.#title}: ${why}`, {
      attempt: this.#failures,
      retryInSeconds: Math.round(pause / 100) / 10,
    });
    await clock.sleep(pause, this.#stop.signal);
  }

  async #post({ id, body }: Notification): Promise<Outcome> {
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(this.#limits.answerMs)]);
    const headers = { ...this.#headers, 'Idempotency-Key': id };
    try {
      const response = await fetch(
        this.#url,
        { method: 'POST', headers, body, redirect: 'manual', signal },
        this.#ports.environment,
      );
      // Whatever it says, nobody reads it: an answer may be endless.
      await response.body?.cancel();
      return toOutcome(response.status, toRetryAfterMs(response.headers, Date.now()));
    } catch (error) {
      return { is: 'failed', why: toWhy(error), retryAfterMs: undefined };
    }
  }
}

function toOutcome(status: number, retryAfterMs: number | undefined): Outcome {
  if (status >= 200 && status < 300) return { is: 'delivered' };
  const why = safe`HTTP ${status}`;
  if (status >= 500 || status === 408 || status === 429) return { is: 'failed', why, retryAfterMs };
  return { is: 'refused', why: status >= 300 && status < 400 ? safe`${why}, a redirect, which is not followed` : why };
}

/** Messages of errors may hold the address; their codes do not. */
function toWhy(error: unknown): SafeText {
  if (error instanceof ProxyTrouble)
    return error.status === undefined
      ? safe`${error.title} does not reach it`
      : safe`${error.title} answers HTTP ${error.status}`;
  if (error instanceof Error && error.name === 'TimeoutError') return safe`no answer in time`;
  let cause: unknown = error;
  for (let depth = 0; depth < 5 && cause instanceof Error; depth++) {
    const { code } = cause as NodeJS.ErrnoException;
    if (typeof code === 'string' && /^\w+$/.test(code)) return mask(code);
    cause = cause.cause;
  }
  return safe`no connection`;
}
