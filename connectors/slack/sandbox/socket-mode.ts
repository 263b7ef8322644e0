import { randomBytes, randomUUID } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { SlackSandboxError } from './errors.ts';

const ACK_WITHIN_MS = 3_000;

/**
 * The server's side of Socket Mode (https://docs.slack.dev/apis/events-api/using-socket-mode): tickets that are good once, a `hello`,
 * envelopes that go to one of the connections and are acknowledged by their id. `emulate` has none.
 */
export class SocketModeServer {
  readonly #server = new WebSocketServer({ noServer: true });
  readonly #tickets = new Set<string>();
  readonly #connections = new Set<WebSocket>();
  readonly #waiting = new Map<string, (payload: unknown) => void>();

  /** Takes over upgrades of `server` that carry a ticket. */
  attach(server: Server): void {
    server.on('upgrade', (request: IncomingMessage, socket, head) => {
      const ticket = new URL(request.url ?? '/', 'http://sandbox').searchParams.get('ticket') ?? '';
      if (!this.#tickets.delete(ticket)) {
        socket.end('HTTP/1.1 401 Unauthorized\r\nconnection: close\r\n\r\n');
        return;
      }
      this.#server.handleUpgrade(request, socket, head, (connection) => this.#welcome(connection));
    });
  }

  get connection_count(): number {
    return this.#connections.size;
  }

  newTicket(): string {
    const ticket = randomBytes(16).toString('hex');
    this.#tickets.add(ticket);
    return ticket;
  }

  /** Sends an envelope down one connection and gives what it was acknowledged with. */
  deliver(type: 'interactive' | 'slash_commands' | 'events_api', payload: unknown): Promise<unknown> {
    const [connection] = this.#connections;
    if (connection === undefined) throw new SlackSandboxError('not_connected', 'no app is connected by Socket Mode');
    const envelope_id = randomUUID();
    const acknowledged = new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        this.#waiting.delete(envelope_id);
        reject(new SlackSandboxError('not_acknowledged', `the app did not acknowledge within ${ACK_WITHIN_MS} ms`));
      }, ACK_WITHIN_MS);
      this.#waiting.set(envelope_id, (answer) => {
        clearTimeout(late);
        this.#waiting.delete(envelope_id);
        resolve(answer);
      });
    });
    connection.send(JSON.stringify({ type, envelope_id, payload, accepts_response_payload: type !== 'events_api' }));
    return acknowledged;
  }

  /** Slack asks its clients to come again, as it does every few hours. */
  disconnectAll(): void {
    for (const connection of this.#connections) {
      connection.send(JSON.stringify({ type: 'disconnect', reason: 'refresh_requested' }));
      this.#connections.delete(connection);
    }
  }

  stop(): void {
    for (const connection of this.#connections) connection.terminate();
    this.#server.close();
  }

  #welcome(connection: WebSocket): void {
    this.#connections.add(connection);
    connection.on('close', () => this.#connections.delete(connection));
    connection.on('error', () => this.#connections.delete(connection));
    connection.on('message', (data) => this.#onMessage(String(data)));
    connection.send(JSON.stringify({ type: 'hello', num_connections: this.#connections.size, connection_info: { app_id: 'sandbox' } }));
  }

  #onMessage(text: string): void {
    const { envelope_id, payload } = JSON.parse(text) as { envelope_id?: string; payload?: unknown };
    if (envelope_id !== undefined) this.#waiting.get(envelope_id)?.(payload);
  }
}
