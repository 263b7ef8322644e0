import { randomBytes } from 'node:crypto';
import { ACCOUNTS } from '../oidc/accounts.ts';
import { CellProcess } from './child-process.ts';
import type { Ready } from './child-process.ts';
import type { CellApi } from './cell-api.ts';
import type { DataFolder } from './data-folder.ts';
import { anyFreePort } from './ports.ts';

const CLIENT_ID = 'countersign';
/** The longest that there is: people come when they come. */
const INVITED_S = 30 * 86_400;

interface Kept {
  readonly port: number;
  readonly client_secret: string;
}

interface ProviderInput {
  readonly api: CellApi;
  readonly folder: DataFolder;
  readonly common: { readonly logsDir: string; readonly verbose: boolean; readonly say: (line: string) => void };
  readonly begin: (process: CellProcess) => Promise<Ready>;
}

/** A stand-in for a customer's identity provider, registered with the first tenant, with a person for each of its roles invited. */
export async function startProviderBeside({ api, folder, common, begin }: ProviderInput): Promise<CellProcess> {
  const { port, client_secret } = await keptClient(folder);
  const issuer = `http://127.0.0.1:${port}`;
  const { redirect_uri } = (await api.identityProviders()).find((known) => known.issuer === issuer) ?? await register(api, issuer, client_secret);
  const provider = new CellProcess({
    ...common, name: 'oidc-stand-in', entry: 'iac/local/oidc/main.ts',
    env: { COUNTERSIGN_STAND_IN_PORT: String(port), COUNTERSIGN_STAND_IN_CLIENT: JSON.stringify({ client_id: CLIENT_ID, client_secret, redirect_uri }) },
  });
  await begin(provider);
  return provider;
}

/** Before it runs: where it is to send browsers back to is known only then. */
async function register(api: CellApi, issuer: string, client_secret: string): Promise<{ readonly redirect_uri: string }> {
  for (const { email, name, role } of ACCOUNTS) await api.invite({ email, display_name: name, roles: [role], expires_in_s: INVITED_S });
  return api.createIdentityProvider({ name: 'Stand-in identity provider', issuer, client_id: CLIENT_ID, client_secret });
}

/** The port is part of the issuer's name, and the cell knows the secret. */
async function keptClient(folder: DataFolder): Promise<Kept> {
  const kept = await folder.readKept<Kept>('oidc', ['port', 'client_secret']) ?? { port: await anyFreePort(), client_secret: randomBytes(32).toString('base64url') };
  await folder.keep('oidc', kept);
  return kept;
}
