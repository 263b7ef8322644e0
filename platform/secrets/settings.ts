import { ENV_PREFIX } from './local-secrets.ts';
import { SecretsError } from './errors.ts';

export interface AwsSecretsSettings {
  /** Secrets are `<prefix>/<tenant id>/<name>`. */
  readonly prefix: string;
  readonly endpoint: string | null;
  readonly region: string | null;
}

/** Plain data: a thread can be given it. */
export interface SecretsSettings {
  /** Null: no references to AWS Secrets Manager. */
  readonly aws: AwsSecretsSettings | null;
  /** Null: no references to files. */
  readonly folder: string | null;
  /** Those variables of the process that are secrets of tenants. */
  readonly env: Readonly<Record<string, string>>;
}

/** Secrets are sealed in the database, and nowhere else. */
export const NO_SECRETS: SecretsSettings = { aws: null, folder: null, env: {} };

/** The settings that both planes have. `env` is given by their `config.ts`. @throws SecretsError `setting_invalid` naming the variable and what it takes */
export function readSecretsSettings(env: Readonly<Record<string, string | undefined>>): SecretsSettings {
  const prefix = env['COUNTERSIGN_SECRETS_AWS_PREFIX'] || null;
  if (prefix !== null && !/^[A-Za-z0-9_.-]+(\/[A-Za-z0-9_.-]+)*$/.test(prefix)) {
    throw new SecretsError('setting_invalid', `COUNTERSIGN_SECRETS_AWS_PREFIX is ${JSON.stringify(prefix)}. Set it to the beginning of the names of the secrets, such as countersign/prod, or leave it out.`);
  }
  return {
    aws: prefix === null ? null : { prefix, endpoint: env['COUNTERSIGN_AWS_ENDPOINT'] || null, region: env['COUNTERSIGN_AWS_REGION'] || null },
    folder: env['COUNTERSIGN_SECRETS_DIR'] || null,
    env: Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[0].startsWith(ENV_PREFIX) && entry[1] !== undefined)),
  };
}
