export interface RouterConfig {
  readonly host: string;
  readonly port: number;
  /** The file of cells and tenants; see directory.ts. */
  readonly directoryFile: string;
  /** SHA-256, hex, of the key that may change the directory; null: nobody may over HTTP. */
  readonly keySha256: string | null;
  readonly logLevel: string;
}

export type RouterErrorCode = 'config_invalid' | 'directory_invalid' | 'cell_unknown' | 'slug_taken' | 'region_fixed';

/** What the router refuses, at start or of a change to its directory. */
export class RouterError extends Error {
  override readonly name = 'RouterError';
  readonly code: RouterErrorCode;

  constructor(code: RouterErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the settings of the router. @throws RouterError `config_invalid` naming the variable and what it takes */
export function readConfig(env: Environment = process.env): RouterConfig {
  const directoryFile = env['COUNTERSIGN_ROUTER_DIRECTORY'];
  if (directoryFile === undefined || directoryFile === '') throw new RouterError('config_invalid', 'COUNTERSIGN_ROUTER_DIRECTORY is missing. Set it to the file of cells and tenants (docs/how-to/run-two-cells.md).');
  const keySha256 = env['COUNTERSIGN_ROUTER_KEY_SHA256'] || null;
  if (keySha256 !== null && !/^[0-9a-f]{64}$/.test(keySha256)) throw new RouterError('config_invalid', 'COUNTERSIGN_ROUTER_KEY_SHA256 is not a SHA-256. Set it to 64 hexadecimal digits: `printf %s KEY | sha256sum`.');
  return { host: env['COUNTERSIGN_ROUTER_HOST'] || '127.0.0.1', port: portOf(env['COUNTERSIGN_ROUTER_PORT'] || '8070'), directoryFile, keySha256, logLevel: env['COUNTERSIGN_LOG_LEVEL'] || 'info' };
}

function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw new RouterError('config_invalid', `COUNTERSIGN_ROUTER_PORT is ${JSON.stringify(text)}. Set it to a whole number from 0 to 65535.`);
  return port;
}
