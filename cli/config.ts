import { CliError } from './errors.ts';

/** Where the API is and who asks. Read from the environment only here. */
export interface CliConfig {
  readonly url: string;
  readonly apiKey: string | undefined;
}

/** What a CI system sets for a job that may have a token signed for it. */
export interface JobTokens {
  readonly idToken: string | undefined;
  /** Null outside of GitHub Actions, and where the job was not given `id-token: write`. */
  readonly github: { readonly url: string; readonly token: string } | null;
}

export function readConfig(env: NodeJS.ProcessEnv = process.env): CliConfig {
  const url = env['COUNTERSIGN_URL'] ?? 'http://localhost:8080';
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) throw new CliError('config_invalid', `COUNTERSIGN_URL is not an http or https URL: ${JSON.stringify(url)}.`);
  return { url, apiKey: env['COUNTERSIGN_API_KEY'] || undefined };
}

export function readJobTokens(env: NodeJS.ProcessEnv = process.env): JobTokens {
  const [url, token] = [env['ACTIONS_ID_TOKEN_REQUEST_URL'], env['ACTIONS_ID_TOKEN_REQUEST_TOKEN']];
  if (url !== undefined && !URL.canParse(url)) throw new CliError('config_invalid', 'ACTIONS_ID_TOKEN_REQUEST_URL is not a URL.');
  return { idToken: env['COUNTERSIGN_ID_TOKEN'] || undefined, github: url === undefined || token === undefined ? null : { url, token } };
}
