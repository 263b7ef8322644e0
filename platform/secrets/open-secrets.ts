import type { Keys } from '../keys/keys.ts';
import { EnvSecrets, FileSecrets } from './local-secrets.ts';
import { Secrets } from './secrets.ts';
import type { SecretsSettings } from './settings.ts';

/** The secrets of a process as its settings have them. */
export async function openSecrets(settings: SecretsSettings, keys: Keys): Promise<Secrets> {
  return new Secrets(keys, {
    ...(Object.keys(settings.env).length === 0 ? {} : { env: new EnvSecrets(settings.env) }),
    ...(settings.folder === null ? {} : { file: new FileSecrets(settings.folder) }),
    // Loaded where it is used: the client of AWS is tens of megabytes of memory.
    ...(settings.aws === null ? {} : { 'aws-sm': (await import('./aws-secrets.ts')).openAwsSecrets(settings.aws) }),
  });
}
