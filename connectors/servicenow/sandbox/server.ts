/**
 * The ServiceNow sandbox: a server of ours that follows ServiceNow's documented behaviour over a real socket. Every
 * answer says that it is one (`x-countersign-sandbox: servicenow`).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Accounts } from './accounts.ts';
import type { AccountSettings } from './accounts.ts';
import { AttachmentContents } from './attachments.ts';
import { sandboxCertificates } from './certificates.ts';
import type { SandboxCertificates } from './certificates.ts';
import { SandboxError } from './errors.ts';
import { Faults } from './faults.ts';
import { generateInstance, ticketWriter } from './generate/instance.ts';
import { OauthTokens } from './oauth.ts';
import { RateLimits } from './rate-limits.ts';
import type { WriteContext } from './record-writes.ts';
import { RequestLog } from './request-log.ts';
import { requestListener } from './request-listener.ts';
import { RecordStore } from './store.ts';
import { TicketDesk } from './tickets.ts';
import { tlsServer } from './tls.ts';
import type { ClientCertificates } from './tls.ts';
import { TouchRule } from './touch-rule.ts';
import { TinyUrls } from './tiny-urls.ts';
import type { WebhookTarget } from './webhooks.ts';
import { WebhookRule } from './webhooks.ts';

export interface SandboxOptions extends Partial<AccountSettings> {
  /** 0 for a free one, which is also what is taken where it is left out. */
  port?: number;
  host?: string;
  /** Where records are kept; left out, they are gone with the process. */
  dataDir?: string | undefined;
  seed?: number;
  /** How many resolved incidents a new instance starts with. */
  incidents?: number;
  webhook?: WebhookTarget | undefined;
  /** The console's origin, whose Tickets page may list and raise tickets. */
  consoleOrigin?: string | undefined;
  /** HTTPS, with certificates of the sandbox's own; whether callers must show one too. Left out, plain HTTP. */
  tls?: ClientCertificates | undefined;
  /** The clock, for tests of windows and expiry. */
  now?: () => Date;
}

export interface RunningSandbox {
  /** `http://host:port`, or `https://` with TLS. */
  url: string;
  /** What a client needs to speak TLS with it; undefined without. */
  certificates: SandboxCertificates | undefined;
  store: RecordStore;
  /** Closes the socket, cuts open connections and deliveries, and closes the files. */
  stop(): Promise<void>;
}

/** Starts the sandbox. Throws `SandboxError`: `sandbox_port_taken`, `sandbox_data_unreadable`, `sandbox_data_unwritable`. */
export async function startSandbox(options: SandboxOptions = {}): Promise<RunningSandbox> {
  const { host = '127.0.0.1', port = 0, dataDir, seed = 20_260_101, incidents = 2000, now = () => new Date() } = options;
  const settings: AccountSettings = {
    admin: options.admin ?? { user: 'admin', password: 'sandbox-admin' },
    integration: options.integration ?? { user: 'countersign.integration', password: 'sandbox-integration' },
    oauth: options.oauth,
    apiKey: options.apiKey,
  };
  // The port first: a second sandbox must not touch the first one's records.
  const folder = options.tls === undefined ? undefined : tlsFolder(dataDir);
  const certificates = folder === undefined ? undefined : sandboxCertificates(folder.path, { host, user: settings.integration.user });
  const server = certificates === undefined ? createServer() : tlsServer(certificates, options.tls ?? 'required');
  // Longer than the idle time of usual client pools: a socket that closes under a reused PATCH would look like a lost answer.
  server.keepAliveTimeout = 65_000;
  const url = await listen(server, host, port, certificates === undefined ? 'http' : 'https');
  try {
    const store = new RecordStore({ ...(dataDir === undefined ? {} : { dataDir }), seed: () => generateInstance({ seed, incidents, adminUser: settings.admin.user, integrationUser: settings.integration.user }) });
    const webhooks = new WebhookRule(options.webhook, now);
    const accounts = new Accounts(settings);
    const touchRule = new TouchRule();
    const writes: WriteContext = {
      store, now,
      onWritten: (written) => {
        webhooks.afterWrite(written);
        touchRule.afterWrite(writes, written);
      },
    };
    const tickets = new TicketDesk(writes, ...ticketWriter(seed, store));
    const parts = {
      accounts, store, webhooks, touchRule, tickets, now, url, consoleOrigin: options.consoleOrigin,
      tokens: new OauthTokens(accounts, now),
      faults: new Faults(),
      rateLimits: new RateLimits(now),
      requestLog: new RequestLog(),
      tinyUrls: new TinyUrls(),
      writes: { ...writes, contents: new AttachmentContents(dataDir) },
    };
    server.on('request', requestListener(parts));
    return {
      url, store, certificates,
      stop: async () => {
        await stop(server, store, webhooks);
        folder?.remove();
      },
    };
  } catch (error) {
    await close(server);
    folder?.remove();
    throw error;
  }
}

/** Beside the records; with no folder for those, one that ends with the process. */
function tlsFolder(dataDir: string | undefined): { readonly path: string; remove(): void } {
  if (dataDir !== undefined) return { path: join(dataDir, 'tls'), remove: () => undefined };
  const path = mkdtempSync(join(tmpdir(), 'countersign-sandbox-tls-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

async function stop(server: Server, store: RecordStore, webhooks: WebhookRule): Promise<void> {
  await Promise.all([close(server), webhooks.stop()]);
  store.close();
}

function listen(server: Server, host: string, port: number, scheme: 'http' | 'https'): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'EADDRINUSE'
        ? new SandboxError('sandbox_port_taken', `port ${port} on ${host} is taken; stop what listens there or set SANDBOX_PORT to another port (0 for a free one)`, { cause: error })
        : new SandboxError('sandbox_config_invalid', `SANDBOX_HOST ${host}, SANDBOX_PORT ${port}: cannot listen there (${error.message})`, { cause: error }));
    });
    server.listen(port, host, () => {
      const address = server.address() as AddressInfo;
      resolve(`${scheme}://${host.includes(':') ? `[${host}]` : host}:${address.port}`);
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
