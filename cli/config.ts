import { CliError } from './errors.ts';

/** Where the API is and who asks. Read from the environment only here. */
export interface CliConfig {
  readonly url: string;
  readonly apiKey: string | undefined;
}

export function readConfig(env: NodeJS.ProcessEnv = process.env): CliConfig {
  const url = env['COUNTERSIGN_URL'] ?? 'http://localhost:8080';
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) throw new CliError('config_invalid', `COUNTERSIGN_URL is not an http or https URL: ${JSON.stringify(url)}.`);
  return { url, apiKey: env['COUNTERSIGN_API_KEY'] || undefined };
}
