import { KeysError } from './keys.ts';

/** Where a root key is. */
export type RootKeySettings =
  | { readonly kind: 'file'; readonly file: string }
  /** `endpoint`: of a server that is not Amazon's; null: the region's. `region` null: as the SDK finds it. */
  | { readonly kind: 'aws-kms'; readonly keyId: string; readonly endpoint: string | null; readonly region: string | null };

/** Plain data: a thread can be given it. */
export interface KeySettings {
  /** Wraps new keys. */
  readonly root: RootKeySettings;
  /** Unwrap what they have wrapped: those of before, and the one to come. */
  readonly also: readonly RootKeySettings[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The settings that both planes have. `env` is given by their `config.ts`. @throws KeysError `setting_invalid` naming the variable and what it takes */
export function readKeySettings(env: Environment): KeySettings {
  const aws = { endpoint: endpointOf(env), region: env['COUNTERSIGN_AWS_REGION'] || null };
  return { root: rootOf(env, aws), also: (env['COUNTERSIGN_KEYS_ALSO'] ?? '').split(',').filter((one) => one.trim() !== '').map((one) => namedKey(one.trim(), aws)) };
}

function rootOf(env: Environment, aws: { endpoint: string | null; region: string | null }): RootKeySettings {
  const kind = env['COUNTERSIGN_KEYS'] || 'file';
  if (kind === 'aws-kms') return { kind, keyId: required(env, 'COUNTERSIGN_KMS_KEY_ID', 'the ARN of the KMS key that wraps the keys of tenants'), ...aws };
  if (kind !== 'file') throw new KeysError('setting_invalid', `COUNTERSIGN_KEYS is ${JSON.stringify(kind)}. Set it to file or to aws-kms.`);
  return { kind, file: required(env, 'COUNTERSIGN_KEY_FILE', 'the file that holds the root key') };
}

function namedKey(text: string, aws: { endpoint: string | null; region: string | null }): RootKeySettings {
  const [, kind, name] = /^(file|aws-kms):(.+)$/.exec(text) ?? [];
  if (name === undefined) throw new KeysError('setting_invalid', 'COUNTERSIGN_KEYS_ALSO cannot be read. Set it to root keys with commas between, each as file:/path/of/key or aws-kms:ARN.');
  return kind === 'file' ? { kind, file: name } : { kind: 'aws-kms', keyId: name, ...aws };
}

function endpointOf(env: Environment): string | null {
  const text = env['COUNTERSIGN_AWS_ENDPOINT'] || null;
  if (text !== null && !(URL.canParse(text) && /^https?:$/.test(new URL(text).protocol))) {
    throw new KeysError('setting_invalid', `COUNTERSIGN_AWS_ENDPOINT is ${JSON.stringify(text)}. Set it to a URL that begins with https:// (or http:// on this machine), or leave it out.`);
  }
  return text;
}

function required(env: Environment, name: string, what: string): string {
  const value = env[name];
  if (value === undefined || value === '') throw new KeysError('setting_invalid', `${name} is missing. Set it to ${what}.`);
  return value;
}
