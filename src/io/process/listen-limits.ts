/**
 * What keeps whoever opens many connections, sends many requests or takes no answers from filling the memory of a server, and
 * from keeping others from their answers.
 */
import type { ServerResponse } from 'node:http';
import type { Server as NetServer, Socket } from 'node:net';

/**
 * So many connections at a time: the next one takes the place of the oldest, so that whoever opens many and sends nothing keeps no
 * probe and no reader from being answered.
 */
const maxConnections = 200;
/** So many requests of one connection may wait for their answers, which are made at once: no program of today sends a second one. */
const maxPipelined = 4;
/**
 * So many characters of answers are held until they are taken: the next answer takes the place of the oldest, so that whoever
 * asks and takes nothing does not fill the memory.
 */
const mostHeld = 32 * 1024 * 1024;

export function boundConnections(server: NetServer): void {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    const [oldest] = sockets;
    if (sockets.size >= maxConnections) oldest?.destroy();
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
}

/** @returns what is called with each response to be, and whether its connection has been closed for it. */
export function toPipelineLimit(): (response: ServerResponse) => boolean {
  const waiting = new WeakMap<Socket, number>();
  return (response) => {
    const { socket } = response.req;
    const count = (waiting.get(socket) ?? 0) + 1;
    waiting.set(socket, count);
    response.once('close', () => waiting.set(socket, (waiting.get(socket) ?? 1) - 1));
    // Those that came with the last one are still read.
    if (count > maxPipelined) socket.destroy();
    return socket.destroyed;
  };
}

/** @returns what is called with each response, before it is sent, and its length. */
export function toHold(server: NetServer): (response: ServerResponse, length: number) => void {
  const held = new Map<ServerResponse, number>();
  let total = 0;
  const release = (response: ServerResponse) => {
    total -= held.get(response) ?? 0;
    held.delete(response);
  };
  // A response that waits for the one before it hears nothing of its connection's end.
  const end = (socket: Socket) => {
    for (const response of held.keys()) if (response.req.socket === socket) release(response);
  };
  server.on('connection', (socket: Socket) => socket.once('close', () => end(socket)));
  return (response, length) => {
    held.set(response, length);
    total += length;
    response.once('close', () => release(response));
    for (const oldest of held.keys()) {
      if (total <= mostHeld || oldest === response) break;
      release(oldest);
      // Its connection: of requests that were sent without waiting, the answers wait there.
      oldest.req.socket.destroy();
    }
  };
}
