import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { OpaFinder } from '@countersign/platform/opa/opa-finder.ts';

export interface StockOpaOptions {
  /** Where our API is, with its prefix. */
  readonly service: string;
  readonly token: string;
  readonly scope: string;
  readonly key: { readonly kid: string; readonly public_jwk: Readonly<Record<string, string>> };
  readonly polling: { readonly min_delay_seconds: number; readonly max_delay_seconds: number; readonly long_polling_timeout_seconds?: number };
}

/** The OPA that everybody has, as a server that gets its bundle from our bundle service: with our token, our key and nothing of our code. */
export class StockOpa {
  readonly #process: ChildProcess;
  readonly #folder: string;
  readonly #url: string;
  #log = '';

  private constructor(process: ChildProcess, folder: string, url: string) {
    this.#process = process;
    this.#folder = folder;
    this.#url = url;
    process.stderr?.on('data', (chunk: Buffer) => { this.#log += chunk.toString(); });
  }

  static async start(options: StockOpaOptions): Promise<StockOpa> {
    const opa = await new OpaFinder({ configured: null, cacheFolder: fileURLToPath(new URL('../../.cache/', import.meta.url)) }).find();
    if (opa === null) throw new TypeError('This test needs opa: npm run setup:opa');
    const folder = await mkdtemp(path.join(tmpdir(), 'stock-opa-'));
    await writeFile(path.join(folder, 'opa.json'), JSON.stringify(configOf(options)));
    const port = await freePort();
    const child = spawn(opa.path, ['run', '--server', '--addr', `127.0.0.1:${port}`, '--skip-version-check', '--log-format', 'json', '--log-level', 'error', '--config-file', path.join(folder, 'opa.json')]);
    const stock = new StockOpa(child, folder, `http://127.0.0.1:${port}`);
    await stock.#listening();
    return stock;
  }

  /** What OPA decides; undefined while it has no bundle. */
  async decide(input: unknown): Promise<unknown> {
    const response = await fetch(`${this.#url}/v1/data/countersign/decision`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ input }) });
    return ((await response.json()) as { result?: unknown }).result;
  }

  /** The ETag of the bundle that decides. */
  async etag(): Promise<string | undefined> {
    const response = await fetch(`${this.#url}/v1/data/system/bundles/countersign/etag`);
    return ((await response.json()) as { result?: string }).result;
  }

  log(): string {
    return this.#log;
  }

  async stop(): Promise<void> {
    this.#process.kill('SIGKILL');
    if (this.#process.exitCode === null && this.#process.signalCode === null) await once(this.#process, 'exit');
    await rm(this.#folder, { recursive: true });
  }

  /** OPA says so in its log, which is for debugging only: here it is asked until it answers. */
  async #listening(): Promise<void> {
    while (this.#process.exitCode === null) {
      const response = await fetch(`${this.#url}/health`).catch(() => null);
      if (response?.ok === true) return;
      await setTimeout(20);
    }
    throw new TypeError(`opa run ended with ${this.#process.exitCode}: ${this.#log}`);
  }
}

function configOf({ service, token, scope, key, polling }: StockOpaOptions): object {
  return {
    services: { countersign: { url: service, credentials: { bearer: { token } } } },
    bundles: { countersign: { service: 'countersign', resource: `policy-bundles/${scope}`, polling, signing: { keyid: key.kid, scope } } },
    keys: { [key.kid]: { algorithm: 'ES256', key: createPublicKey({ key: key.public_jwk, format: 'jwk' }).export({ format: 'pem', type: 'spki' }) } },
  };
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
