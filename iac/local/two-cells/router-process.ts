import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { baseEnvironment, ROOT } from '../config.ts';

/** The router as its own process, on a free port, with its log kept. */
export class RouterProcess {
  readonly key: string;
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #log: () => string;

  private constructor(parts: { key: string; url: string; child: ChildProcess; log: () => string }) {
    this.key = parts.key;
    this.url = parts.url;
    this.#child = parts.child;
    this.#log = parts.log;
  }

  static async start(folder: string, cells: Readonly<Record<string, { readonly region: 'us' | 'eu'; readonly url: string }>>): Promise<RouterProcess> {
    const file = path.join(folder, 'directory.json');
    await writeFile(file, JSON.stringify({ cells, tenants: [] }));
    const key = `cs_router_${randomBytes(32).toString('base64url')}`;
    const child = spawn(process.execPath, [path.join(ROOT, 'global-router/main.ts')], {
      env: { ...baseEnvironment(), COUNTERSIGN_ROUTER_PORT: '0', COUNTERSIGN_ROUTER_DIRECTORY: file, COUNTERSIGN_ROUTER_KEY_SHA256: createHash('sha256').update(key).digest('hex') },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    let log = '';
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => { log += text; });
    const url = await new Promise<string>((resolve, reject) => {
      child.once('message', (message) => resolve((message as { listening: string }).listening));
      child.once('exit', (code) => reject(new Error(`The router ended with ${code}:\n${log}`)));
    });
    return new RouterProcess({ key, url, child, log: () => log });
  }

  get log(): string {
    return this.#log();
  }

  /** Says that a tenant is in a cell. Gives the status of the answer. */
  async put(tenantId: string, entry: { readonly slug: string; readonly cell: string }): Promise<number> {
    const { status } = await fetch(`${this.url}/directory/tenants/${tenantId}`, { method: 'PUT', headers: { authorization: `Bearer ${this.key}`, 'content-type': 'application/json' }, body: JSON.stringify(entry) });
    return status;
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => { this.#child.once('exit', resolve); });
    this.#child.kill('SIGTERM');
    await ended;
  }
}
