import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerControl } from './control-api.ts';
import { SlackEmulator } from './emulator.ts';
import { Faults } from './faults.ts';
import { SocketModeServer } from './socket-mode.ts';
import { answerWebApi } from './web-api.ts';
import { Workspace } from './workspace.ts';

export interface SlackSandboxOptions {
  /** 0: any free one. */
  readonly port: number;
  readonly redirectUrl: string;
}

export interface SlackSandbox {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * A stand-in for Slack on this machine: `emulate` keeps the workspace; Socket Mode, what people press, guests and rate limits are added
 * here. Not Slack, and not for anything but tests and the demo: it knows no secret worth keeping.
 */
export async function startSlackSandbox(options: SlackSandboxOptions): Promise<SlackSandbox> {
  const emulator = await SlackEmulator.start(options.redirectUrl);
  const sockets = new SocketModeServer();
  const faults = new Faults();
  let url = '';
  const people = await new Workspace(emulator, sockets, '').users();
  const botToken = await emulator.install(people[0]?.id ?? '', options.redirectUrl);
  const workspace = new Workspace(emulator, sockets, botToken);
  const parts = { emulator, sockets, faults, workspace, botToken, url: () => url };

  const server = createServer((request, response) => {
    answer(request, response, parts).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else response.writeHead(500).end(String(error));
    });
  });
  sockets.attach(server);
  await new Promise<void>((resolve) => { server.listen(options.port, '127.0.0.1', resolve); });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    stop: async () => {
      sockets.stop();
      server.closeAllConnections();
      await new Promise<void>((resolve) => { server.close(() => resolve()); });
      await emulator.stop();
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, parts: Parameters<typeof answerWebApi>[3] & Parameters<typeof answerControl>[3]): Promise<void> {
  const body = Buffer.concat(await request.toArray() as Buffer[]);
  if (request.url?.startsWith('/sandbox/') === true) await answerControl(request, response, body, parts);
  else if (request.url?.startsWith('/api/') === true) await answerWebApi(request, response, body, parts);
  else response.writeHead(404).end('This is a stand-in for Slack: /api/<method>.');
}
