/** Where the agents of this cell connect, and who signs their certificates. */
export interface AgentSettings {
  readonly port: number;
  readonly host: string;
  /** `https://host:port` as agents reach it: what enrolment tokens name. Null: this machine's, for agents on it. */
  readonly publicUrl: string | null;
  readonly authority: AuthoritySettings;
  readonly certificate_s: number;
  /** Where releases of the agent are, named by their SHA-256; null: none are given. */
  readonly releases_dir: string | null;
}

export type AuthoritySettings =
  /** `agent-ca.key` and `agent-ca.crt` in this folder, made where there are none. */
  | { readonly kind: 'file'; readonly folder: string }
  /** A key of AWS KMS that never leaves it: ECC_NIST_P256 for SIGN_VERIFY. `endpoint`, `region`: as of the root key. */
  | { readonly kind: 'aws-kms'; readonly keyId: string; readonly endpoint: string | null; readonly region: string | null };

type Environment = Readonly<Record<string, string | undefined>>;

/** How `config.ts` reads and refuses. */
interface Reading {
  whole(name: string, otherwise: number, least: number, most: number): number;
  wrong(message: string): Error;
}

const URL_SHAPE = /^https:\/\/[a-z0-9.:[\]-]{1,300}$/;

/** Null without COUNTERSIGN_AGENT_PORT: then the cell has no agents. @throws what `wrong` makes of what is wrong with a variable */
export function readAgentSettings(env: Environment, { whole, wrong }: Reading): AgentSettings | null {
  if ((env['COUNTERSIGN_AGENT_PORT'] ?? '') === '') return null;
  return {
    port: whole('COUNTERSIGN_AGENT_PORT', 0, 0, 65_535),
    host: env['COUNTERSIGN_AGENT_HOST'] || '127.0.0.1',
    publicUrl: publicUrlOf(env, wrong),
    authority: authorityOf(env, wrong),
    certificate_s: whole('COUNTERSIGN_AGENT_CERTIFICATE_SECONDS', 3_600, 10, 86_400),
    releases_dir: env['COUNTERSIGN_AGENT_RELEASES_DIR'] || null,
  };
}

function publicUrlOf(env: Environment, wrong: Reading['wrong']): string | null {
  const text = (env['COUNTERSIGN_AGENT_PUBLIC_URL'] ?? '').replace(/\/+$/, '').toLowerCase();
  if (text === '') return null;
  if (!URL.canParse(text) || !URL_SHAPE.test(text)) throw wrong(`COUNTERSIGN_AGENT_PUBLIC_URL is ${JSON.stringify(text)}. Set it to https://host:port, as agents reach the agent port.`);
  return text;
}

function authorityOf(env: Environment, wrong: Reading['wrong']): AuthoritySettings {
  const text = env['COUNTERSIGN_AGENT_CA'] ?? '';
  const [, kind, name] = /^(file|aws-kms):(.+)$/.exec(text) ?? [];
  if (name === undefined) throw wrong(`COUNTERSIGN_AGENT_CA is ${JSON.stringify(text)}. Set it to file:/folder/of/the/authority, or to aws-kms:ARN of a P-256 signing key.`);
  if (kind === 'file') return { kind, folder: name };
  return { kind: 'aws-kms', keyId: name, endpoint: env['COUNTERSIGN_AWS_ENDPOINT'] || null, region: env['COUNTERSIGN_AWS_REGION'] || null };
}
