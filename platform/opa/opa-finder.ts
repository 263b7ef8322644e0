import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

export interface FoundOpa {
  readonly path: string;
  readonly version: string;
}

export const HOW_TO_GET_OPA = 'Run `npm run setup:opa` on the machine of the control plane, or put opa 1.22 or newer on its PATH.';
const VERSION_MS = 5_000;

/** Looks for OPA where the operator says, on PATH, and where `npm run setup:opa` puts it. What is missing is looked for anew each time. */
export class OpaFinder {
  readonly #configured: string | null;
  readonly #cacheFolder: string;
  #found: FoundOpa | null = null;

  constructor({ configured, cacheFolder }: { readonly configured: string | null; readonly cacheFolder: string }) {
    this.#configured = configured;
    this.#cacheFolder = cacheFolder;
  }

  async find(): Promise<FoundOpa | null> {
    for (const candidate of this.#found === null ? await this.#candidates() : []) {
      const version = await versionOf(candidate);
      if (version === null) continue;
      this.#found = { path: candidate, version };
      break;
    }
    return this.#found;
  }

  /** Where the operator names one, it is that one or none. */
  async #candidates(): Promise<string[]> {
    if (this.#configured !== null) return [this.#configured];
    const cached = await readdir(this.#cacheFolder).catch(() => []);
    return ['opa', ...cached.filter((name) => name.startsWith('opa-')).sort().reverse().map((name) => path.join(this.#cacheFolder, name, 'opa'))];
  }
}

async function versionOf(opa: string): Promise<string | null> {
  const { stdout } = await promisify(execFile)(opa, ['version'], { timeout: VERSION_MS }).catch(() => ({ stdout: '' }));
  return /^Version: (1\.\S+)$/m.exec(stdout)?.[1] ?? null;
}
