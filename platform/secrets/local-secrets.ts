import { readFile, realpath } from 'node:fs/promises';
import path from 'node:path';
import { SecretsError } from './errors.ts';
import type { SecretSource } from './secrets.ts';

/** Variables `COUNTERSIGN_SECRET__<tenant id>__<name>`: for a process of one tenant, such as an agent. */
export class EnvSecrets implements SecretSource {
  readonly #env: Readonly<Record<string, string>>;

  constructor(env: Readonly<Record<string, string>>) {
    this.#env = env;
  }

  read(tenantId: string, name: string): Promise<Uint8Array> {
    const variable = `${ENV_PREFIX}${tenantId}__${name}`;
    const value = Object.hasOwn(this.#env, variable) ? this.#env[variable] : undefined;
    return value === undefined ? Promise.reject(new SecretsError('secret_missing', `The variable ${variable} is not set.`)) : Promise.resolve(Buffer.from(value));
  }
}

export const ENV_PREFIX = 'COUNTERSIGN_SECRET__';

/** Files `<folder>/<tenant id>/<name>`, such as a secrets volume of Kubernetes has them. */
export class FileSecrets implements SecretSource {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async read(tenantId: string, name: string): Promise<Uint8Array> {
    const own = path.join(this.#folder, tenantId);
    try {
      // Volumes of Kubernetes are links within the folder; a link out of it is not followed.
      const file = await realpath(path.join(own, name));
      if (!file.startsWith(`${await realpath(own)}${path.sep}`)) throw new SecretsError('secret_refused', `The file ${name} is a link that leads out of the tenant's folder.`);
      return await readFile(file);
    } catch (cause) {
      if (cause instanceof SecretsError) throw cause;
      const { code } = cause as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') throw new SecretsError('secret_missing', `There is no file ${name} in the tenant's folder of secrets.`, { cause });
      throw new SecretsError('secret_refused', `The file ${name} cannot be read (${code ?? 'unknown'}).`, { cause });
    }
  }
}
