import type { Socket } from 'node:net';

/**
 * Connections whose handshake is not over: each takes memory and a file handle of the process that serves everybody. Past so many the oldest goes, since
 * whoever means it is through in milliseconds.
 */
export class SilentSockets {
  readonly #most: number;
  readonly #byPeer = new Map<string, Socket>();

  constructor(most: number) {
    this.#most = most;
  }

  add(socket: Socket): void {
    const peer = peerOf(socket);
    this.#byPeer.set(peer, socket);
    socket.once('close', () => { if (this.#byPeer.get(peer) === socket) this.#byPeer.delete(peer); });
    if (this.#byPeer.size > this.#most) this.#byPeer.values().next().value?.destroy();
  }

  /** The handshake of what `socket` wraps is over. */
  spoke(socket: Socket): void {
    this.#byPeer.delete(peerOf(socket));
  }
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress ?? ''} ${remotePort ?? ''}`;
}
