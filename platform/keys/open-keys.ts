import { Database } from '../postgres/database.ts';
import { EnvelopeKeys } from './envelope-keys.ts';
import { FileKek } from './file-kek.ts';
import { FileKeys } from './file-keys.ts';
import type { Kek } from './kek.ts';
import { KeyStore } from './repository-key-store.ts';
import type { KeySettings, RootKeySettings } from './settings.ts';

/** Keys are asked for inside of transactions, so the connections that they are read over are nobody else's. */
const CONNECTIONS = 2;

export interface OpenKeys {
  readonly keys: EnvelopeKeys;
  readonly store: KeyStore;
  /** Wraps new keys. */
  readonly kek: Kek;
  /** By their ids, that one too. */
  readonly keks: ReadonlyMap<string, Kek>;
  close(): Promise<void>;
}

export interface OpenKeysOptions {
  /** Of a login role. */
  readonly databaseUrl: string;
  readonly onConnectionError?: (error: Error) => void;
}

/** The keys of a process as its settings have them. @throws KeysError where a key file is missing, exposed or no key */
export async function openKeys(settings: KeySettings, { databaseUrl, onConnectionError }: OpenKeysOptions): Promise<OpenKeys> {
  const all = [settings.root, ...settings.also];
  const [kek, ...otherKeks] = await Promise.all(all.map(openKek));
  if (kek === undefined) throw new TypeError('no root key');
  // What cells of before sealed, they sealed under their key file itself.
  const legacy = await Promise.all(all.filter((one) => one.kind === 'file').map(({ file }) => FileKeys.open(file, { create: false })));
  const database = new Database({ url: databaseUrl, applicationName: 'countersign keys', maxConnections: CONNECTIONS, ...(onConnectionError === undefined ? {} : { onConnectionError }) });
  const store = new KeyStore(database);
  return {
    keys: new EnvelopeKeys({ store, kek, otherKeks, legacy }), store, kek, keks: new Map([kek, ...otherKeks].map((one) => [one.id, one])),
    close: () => database.close(),
  };
}

async function openKek(settings: RootKeySettings): Promise<Kek> {
  if (settings.kind === 'file') return FileKek.open(settings.file);
  // Loaded where it is used: the client of KMS is tens of megabytes of memory.
  return (await import('./kms-kek.ts')).openKmsKek(settings);
}
