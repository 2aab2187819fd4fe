/**
 * A fake of ModelMesh's data plane: gRPC unary calls over cleartext HTTP/2, routed to a vmodel by header or
 * body, and counted.
 *
 * What it answers is what ModelMesh does (kserve/modelmesh ModelMeshApi.java, `startCall` and
 * `getModelIdsFromHeaders`, with the dataPlaneApiJsonConfig of kserve/modelmesh-serving
 * controllers/modelmesh/cluster_config.go), and what the real one did (`fixtures/modelmesh/calls.md`):
 * - a name in the body is the vmodel, and then no header is looked at;
 * - otherwise `mm-vmodel-id` is; with `mm-model-id` beside it, or neither, the call is refused;
 * - `mm-model-id` alone, or else `tas-model-id`, is a concrete model's, such as `wisdom-0__isvc-58aa08371b`;
 * - both are taken in their `-bin` form too; of one vmodel-id the plain form wins;
 * - several `mm-vmodel-id` are a call to each of them; unknown ones are left out of the answer, unless
 *   `mm-required: all` is there;
 * - the answer is named by the concrete model;
 * - a message over 16 MiB, or what it is configured to take, is cut off.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { Http2Server, IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import { constants, createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { Address } from './address.ts';
import type { GrpcStatus } from './grpc-frames.ts';
import {
  CompressedMessage,
  contentType,
  inferPath,
  MessageReader,
  parseInferMessage,
  parseTimeout,
  toFrame,
  toGrpcMessage,
  toInferMessage,
  toStatusCode,
} from './grpc-frames.ts';

export const modelStates = ['loaded', 'loading', 'failing', 'hanging', 'slow'] as const;

export interface ModelState {
  /**
   * A call to a loading one waits until it is loaded, or for its deadline; to a hanging one it is never
   * answered, not even at its deadline.
   */
  readonly state: (typeof modelStates)[number];
  /** The concrete model's id; default: one made of the vmodel's name. */
  readonly concrete?: string;
  /**
   * While it is loading no model of the Pod answers: MLServer has one worker, and unpickling takes it all.
   */
  readonly stallsPod?: boolean;
  /** For a slow one; default 1000. */
  readonly delayMs?: number;
  /** For a failing one; default INTERNAL, as of a model that cannot be loaded. */
  readonly code?: GrpcStatus;
  /** For a failing one: the whole error. */
  readonly message?: string;
}

export interface CallCount {
  /** The vmodel, or the concrete model that was called by its id; several with a comma between them; or `none`. */
  readonly model: string;
  readonly authority: string;
  /** The caller's address, without its port. */
  readonly source: string;
  /** PENDING while it has no answer, CANCELLED when the caller gave up before it had one. */
  readonly code: GrpcStatus | 'PENDING';
  readonly calls: number;
  /** How many of them the caller gave up, by a reset or with its connection. */
  readonly cancelled: number;
}

export interface Counts {
  readonly counts: readonly CallCount[];
  /** By vmodel, when its last call came: milliseconds since 1970. */
  readonly lastCalls: Readonly<Record<string, number>>;
  /** By vmodel: how many of its calls each caller sent, by the caller's certificate; '' for none. */
  readonly callers: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Calls with a header that names a concrete model. */
  readonly withModelId: number;
  /** Calls with several headers `mm-vmodel-id`. */
  readonly multiModel: number;
}

type Rows = Map<string, { -readonly [Key in keyof CallCount]: CallCount[Key] }>;

/** Since a reset. */
class Tally {
  readonly open = new Set<Call>();
  readonly done: Rows = new Map();
  readonly lastCalls = new Map<string, number>();
  readonly callers = new Map<string, Map<string, number>>();
  withModelId = 0;
  multiModel = 0;
}

interface Call {
  readonly stream: ServerHttp2Stream;
  readonly path: string;
  readonly authority: string;
  readonly source: string;
  readonly timeoutMs: number | undefined;
  /** A call belongs where it was when it came. */
  readonly tally: Tally;
  readonly timers: NodeJS.Timeout[];
  /** What sidecars and gateways on the way say of the certificates that they were called with, the last one last. */
  readonly certificates: string;
  readonly ids: HeaderIds;
  models: readonly string[];
  id: string | undefined;
  /** By its body. */
  isNamed: boolean;
  /** By the id of a concrete model. */
  isConcrete: boolean;
  /** How the runtime itself reports it. */
  complaint: Refusal | undefined;
  isDone: boolean;
}

interface Refusal {
  readonly code: GrpcStatus;
  readonly message: string;
}

/** Never, not until a model is loaded, or an answer of these models. */
type Outcome =
  | 'never'
  | 'wait'
  | (Refusal & { readonly afterMs?: number })
  | { readonly concrete: readonly string[]; readonly delayMs: number };

/** What the headers say of the model. */
interface HeaderIds {
  readonly vmodels: readonly string[];
  /** `mm-model-id`. */
  readonly models: readonly string[];
  /** `tas-model-id`, its older name. */
  readonly legacy: readonly string[];
  /** Whether an unknown one among several is an error. */
  readonly isAllRequired: boolean;
}

/** The methods of the V2 protocol for which ModelMesh is configured to find the name. Both have it in field 1, also in responses. */
const methods = [inferPath, '/inference.GRPCInferenceService/ModelMetadata'];

const answerHeaders = { ':status': 200, 'content-type': contentType };
const okTrailers = { 'grpc-status': toStatusCode('OK') };

const megabyte = 1 << 20;
/** modelmesh-serving's default of `grpcMaxMessageSizeBytes`. */
const usualMaxMessage = 16 * megabyte;
/** A name that is in the message twice is put right, and looked up, again and again. */
const retriesMs = 900;
/** Nobody may be thrown out for many cancelled calls, or for many that hang. */
const noLimit = 1_000_000;

const ignore = () => {};

export class ModelMeshFake {
  readonly #server: Http2Server;
  readonly #maxMessage: number;
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #models = new Map<string, ModelState>();
  /** Calls to models that are loading. */
  readonly #waiting = new Set<Call>();
  #tally = new Tally();

  private constructor(maxMessage: number) {
    this.#maxMessage = maxMessage;
    this.#server = createServer({
      maxSessionMemory: 1024,
      settings: { initialWindowSize: megabyte, maxConcurrentStreams: noLimit },
      streamResetBurst: noLimit,
      streamResetRate: noLimit,
      // A value with spaces around it is a name as it is, and not a broken header.
      strictFieldWhitespaceValidation: false,
    });
    this.#server.on('session', (session) => this.#accept(session));
    this.#server.on('sessionError', ignore);
  }

  /** Port 0 is any that is free. @param maxMessage in bytes. */
  static async start(
    { host, port }: Address = { host: '127.0.0.1', port: 0 },
    maxMessage = usualMaxMessage,
  ): Promise<ModelMeshFake> {
    const fake = new ModelMeshFake(maxMessage);
    fake.#server.listen(port, host);
    await once(fake.#server, 'listening');
    return fake;
  }

  /** `IP:PORT`. */
  get address(): string {
    const { address, port } = this.#server.address() as AddressInfo;
    return `${address}:${port}`;
  }

  get models(): Readonly<Record<string, ModelState>> {
    return Object.fromEntries(this.#models);
  }

  /** Makes it known. Calls that waited for it to load see what it is now. */
  set(name: string, state: ModelState): void {
    this.#models.set(name, state);
    this.#wake();
  }

  /** It is unknown from now on. */
  remove(name: string): void {
    this.#models.delete(name);
    this.#wake();
  }

  counts(): CallCount[] {
    const open: Rows = new Map();
    for (const call of this.#tally.open) count(open, call, 'PENDING', false);
    return [...this.#tally.done.values(), ...open.values()].map((row) => ({ ...row }));
  }

  report(): Counts {
    const { lastCalls, withModelId, multiModel } = this.#tally;
    const callers = Object.fromEntries(
      [...this.#tally.callers].map(([model, counts]) => [model, Object.fromEntries(counts)]),
    );
    return { counts: this.counts(), lastCalls: Object.fromEntries(lastCalls), callers, withModelId, multiModel };
  }

  /** Zeroes all; calls that came before are not counted when they end. */
  reset(): void {
    this.#tally = new Tally();
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const session of this.#sessions) session.destroy();
    await closed;
  }

  #accept(session: ServerHttp2Session): void {
    const source = session.socket.remoteAddress ?? '';
    session.setLocalWindowSize(16 * megabyte);
    this.#sessions.add(session);
    session.once('close', () => this.#sessions.delete(session));
    session.on('stream', (stream, headers, _flags, rawHeaders) => this.#serve(stream, headers, rawHeaders, source));
  }

  #serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, rawHeaders: string[], source: string): void {
    const ids = toIds(rawHeaders);
    const timeout = headers['grpc-timeout'];
    const call: Call = {
      stream,
      path: headers[':path'] ?? '',
      authority: headers[':authority'] ?? '',
      source,
      timeoutMs: typeof timeout === 'string' ? parseTimeout(timeout) : undefined,
      tally: this.#tally,
      timers: [],
      certificates: String(headers['x-forwarded-client-cert'] ?? ''),
      ids,
      models: ids.vmodels,
      id: undefined,
      isNamed: false,
      isConcrete: false,
      complaint: undefined,
      isDone: false,
    };
    call.tally.open.add(call);
    if (ids.models.length > 0) call.tally.withModelId++;
    if (ids.vmodels.length > 1) call.tally.multiModel++;
    const body = new MessageReader();
    stream.on('error', ignore);
    stream.on('data', (chunk: Buffer) => {
      body.push(chunk);
      if (body.announced > this.#maxMessage) {
        finish(call, 'CANCELLED', false);
        stream.close(constants.NGHTTP2_CANCEL);
      } else if (body.isStream) refuse(call, { code: 'UNIMPLEMENTED', message: 'Streaming not supported yet' });
    });
    stream.once('end', () => this.#begin(call, body));
    stream.once('close', () => {
      this.#waiting.delete(call);
      finish(call, 'CANCELLED', true);
    });
  }

  /** The body is whole. */
  #begin(call: Call, body: MessageReader): void {
    if (call.isDone) return;
    const refusal = readBody(call, body) ?? chooseModels(call);
    const now = Date.now();
    for (const model of call.models) {
      call.tally.lastCalls.set(model, now);
      const callers = call.tally.callers.get(model) ?? new Map<string, number>();
      const caller = toCaller(call.certificates);
      call.tally.callers.set(model, callers.set(caller, (callers.get(caller) ?? 0) + 1));
    }
    if (refusal === undefined) this.#advance(call);
    else refuse(call, refusal);
  }

  /** Does what the call's models, as they are now, do with it. */
  #advance(call: Call): void {
    const outcome = toOutcome(call, this.#models);
    if (outcome === 'never') forget(call);
    else if (outcome === 'wait') {
      this.#waiting.add(call);
      expire(call);
    } else if ('code' in outcome) {
      if (outcome.afterMs === undefined) refuse(call, outcome);
      else call.timers.push(setTimeout(() => refuse(call, outcome), outcome.afterMs));
    } else if (outcome.delayMs === 0) answer(call, outcome.concrete);
    else {
      expire(call);
      call.timers.push(setTimeout(() => answer(call, outcome.concrete), outcome.delayMs));
    }
  }

  #wake(): void {
    // Some begin to wait again.
    for (const call of [...this.#waiting]) {
      this.#waiting.delete(call);
      this.#advance(call);
    }
  }
}

/** `clients/client > model-mirror/model-mirror-gateway`: whose certificates a call passed with, by account. */
function toCaller(certificates: string): string {
  return [...certificates.matchAll(/URI=spiffe:\/\/[^/]+\/ns\/([^/;,]+)\/sa\/([^;,]+)/g)]
    .map(([, namespace, account]) => `${namespace}/${account}`)
    .join(' > ');
}

/** @param rawHeaders names and values in turn; `headers` would have repeated ones joined to one. */
function toIds(rawHeaders: readonly string[]): HeaderIds {
  const of = (name: string) => rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1] === name);
  const either = (name: string) => {
    const plain = of(name);
    return plain.length > 0 ? plain : of(`${name}-bin`).map((value) => Buffer.from(value, 'base64').toString('utf8'));
  };
  return {
    vmodels: either('mm-vmodel-id'),
    // Of this one both forms count.
    models: [...of('mm-model-id'), ...(of('mm-model-id').length > 0 ? [] : either('mm-model-id'))],
    legacy: of('tas-model-id'),
    isAllRequired: of('mm-required').includes('all'),
  };
}

/** Takes the model's name and the id from a method's body that has them. */
function readBody(call: Call, body: MessageReader): Refusal | undefined {
  try {
    const message = body.message();
    if (message === undefined) return { code: 'INTERNAL', message: 'Half-closed without a request' };
    if (!methods.includes(call.path)) return undefined;
    const { modelName, id, hasTensor, isNamedTwice } = parseInferMessage(message);
    call.id = id;
    call.isNamed = modelName !== undefined;
    if (modelName !== undefined) call.models = [modelName];
    if (isNamedTwice) call.complaint = { code: 'INTERNAL', message: '8 retry iterations exhausted' };
    else if (call.path === inferPath && !hasTensor)
      call.complaint = ofRuntime(call, 'INVALID_ARGUMENT', 'mlserver.errors.MLServerError: no inputs');
    return undefined;
  } catch (error) {
    if (error instanceof CompressedMessage) {
      // It is handed on as it is, without what says so.
      call.complaint = ofRuntime(call, 'UNKNOWN', "Unexpected <class 'google.protobuf.message.DecodeError'>");
      return undefined;
    }
    return { code: 'UNKNOWN', message: 'Application error processing RPC' };
  }
}

/** As ModelMesh hands on what the model's runtime answers. */
function ofRuntime({ path }: Call, code: GrpcStatus, message: string): Refusal {
  return { code, message: `${path.slice(1)}: ${code}: ${message}` };
}

/** Which models a call is for, or what is wrong with it, whatever the models are. */
function chooseModels(call: Call): Refusal | undefined {
  const { ids, isNamed } = call;
  if (!isNamed) {
    if (ids.models.length > 0 && ids.vmodels.length > 0)
      return { code: 'INVALID_ARGUMENT', message: 'must include only one of model id and vmodel id' };
    const concrete = ids.models.length > 0 ? ids.models : ids.legacy;
    call.isConcrete = ids.vmodels.length === 0 && concrete.length > 0;
    if (call.isConcrete) call.models = concrete;
  }
  const { models } = call;
  if (models.length === 0) return { code: 'INVALID_ARGUMENT', message: 'must include mm-model-id header' };
  if (models.includes('')) return { code: 'INVALID_ARGUMENT', message: 'provided vmodel-id header must be non-empty' };
  return undefined;
}

interface Known extends ModelState {
  readonly concrete: string;
}

function toOutcome(call: Call, all: ReadonlyMap<string, ModelState>): Outcome {
  const { models, isConcrete, ids, path, complaint } = call;
  const states = models.flatMap((model) => find(model, isConcrete, all) ?? []);
  const noun = isConcrete ? 'model' : 'vmodel';
  if (states.length === 0 && models.length > 1)
    return { code: 'NOT_FOUND', message: 'none of the requested models were found' };
  if (states.length === 0 || (ids.isAllRequired && !call.isNamed && states.length < models.length))
    return { code: 'NOT_FOUND', message: `${noun} not found` };
  if (states.some(({ state }) => state === 'hanging')) return 'never';
  if (states.some(({ state }) => state === 'loading')) return 'wait';
  const failing = states.find(({ state }) => state === 'failing');
  if (failing !== undefined) {
    const { code = 'INTERNAL', message = 'Failed to load Model due to MLServer runtime error' } = failing;
    return { code, message };
  }
  if ([...all.values()].some(({ state, stallsPod }) => state === 'loading' && stallsPod)) return 'wait';
  if (!methods.includes(path))
    return ofRuntime(call, 'UNIMPLEMENTED', `Method not found or not permitted: ${path.slice(1)}`);
  if (complaint?.code === 'INTERNAL') return { ...complaint, afterMs: retriesMs };
  if (complaint !== undefined) return complaint;
  return { concrete: states.map(({ concrete }) => concrete), delayMs: Math.max(...states.map(toDelay)) };
}

function find(model: string, isConcrete: boolean, all: ReadonlyMap<string, ModelState>): Known | undefined {
  for (const [name, state] of all) {
    const known = { ...state, concrete: state.concrete ?? toConcrete(name) };
    if ((isConcrete ? known.concrete : name) === model) return known;
  }
  return undefined;
}

function toConcrete(vmodel: string): string {
  return `${vmodel}__isvc-${createHash('sha1').update(vmodel).digest('hex').slice(0, 10)}`;
}

function toDelay({ state, delayMs = 1000 }: ModelState): number {
  return state === 'slow' ? delayMs : 0;
}

/** At its deadline, if it has one, the call is over. */
function expire(call: Call): void {
  const { timeoutMs, timers } = call;
  if (timeoutMs === undefined || timers.length > 0) return;
  timers.push(
    setTimeout(() => refuse(call, { code: 'DEADLINE_EXCEEDED', message: 'it was not loaded in time' }), timeoutMs),
  );
}

/** Its deadline, and that it was to be answered. */
function forget({ timers }: Call): void {
  for (const timer of timers) clearTimeout(timer);
}

/** One message a model: put together they are one message, as any in protobuf. */
function answer(call: Call, concrete: readonly string[]): void {
  if (!finish(call, 'OK', false)) return;
  const { stream, id } = call;
  const messages = concrete.map((modelName) => toInferMessage({ modelName, id }));
  stream.respond(answerHeaders, { waitForTrailers: true });
  stream.once('wantTrailers', () => stream.sendTrailers(okTrailers));
  stream.end(toFrame(messages.length === 1 ? (messages[0] as Buffer) : Buffer.concat(messages)));
}

/** Trailers only. */
function refuse(call: Call, { code, message }: Refusal): void {
  if (!finish(call, code, false)) return;
  const { stream } = call;
  const status = { 'grpc-status': toStatusCode(code), 'grpc-message': toGrpcMessage(message) };
  stream.respond({ ...answerHeaders, ...status }, { endStream: true });
  // Whoever has more to say is told to stop, once the answer is on its way (RFC 9113, 8.1).
  if (!stream.readableEnded) setImmediate(() => stream.close(constants.NGHTTP2_NO_ERROR));
}

/** False when it was finished already. */
function finish(call: Call, code: GrpcStatus, isCancelled: boolean): boolean {
  if (call.isDone) return false;
  call.isDone = true;
  forget(call);
  call.tally.open.delete(call);
  count(call.tally.done, call, code, isCancelled);
  return true;
}

function count(rows: Rows, call: Call, code: CallCount['code'], isCancelled: boolean): void {
  const { models, authority, source } = call;
  const model = models.length === 0 ? 'none' : models.join(', ');
  const key = `${model}\n${authority}\n${source}\n${code}`;
  const row = rows.get(key) ?? { model, authority, source, code, calls: 0, cancelled: 0 };
  row.calls++;
  if (isCancelled) row.cancelled++;
  rows.set(key, row);
}
