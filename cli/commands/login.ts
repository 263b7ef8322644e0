import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { repeated } from '../choices.ts';
import { readConfig, readJobTokens } from '../config.ts';
import { CliError } from '../errors.ts';
import { exchangeToken } from '../login/exchange-token.ts';
import { jobToken } from '../login/job-token.ts';
import { printJson, say } from '../output.ts';

interface LoginOptions {
  readonly federation?: boolean;
  readonly tenant: string;
  readonly tokenFile?: string;
  readonly audience?: string;
  readonly scope: readonly string[];
  readonly output?: string;
  readonly json?: boolean;
}

/** `countersign login --federation`: for programs. People sign in with a browser, and make themselves a key there. */
export function loginCommand(): Command {
  return new Command('login').description('Exchange the token of a CI job for an access token of some minutes, which goes to stdout or into a file')
    .option('--federation', 'by the token that the CI system signed for this job; the only way there is')
    .requiredOption('--tenant <slug>', 'which tenant trusts the CI system')
    .option('--token-file <file>', 'where the job\'s token is, or - for stdin; else COUNTERSIGN_ID_TOKEN, else it is asked of GitHub Actions')
    .option('--audience <text>', 'of GitHub Actions: which audience its token is to be made for')
    .option('--scope <permission>', 'ask for less than the federation gives; may be repeated', repeated, [])
    .option('-o, --output <file>', 'write the access token there, for nobody else to read')
    .option('--json', 'print the answer, with the access token in it')
    .action(login);
}

async function login({ federation, tenant, tokenFile, audience, scope, output, json }: LoginOptions): Promise<void> {
  if (federation !== true) throw new CliError('input_invalid', 'Say --federation. People sign in with a browser; a program without a CI system takes an API key, as COUNTERSIGN_API_KEY.');
  const { url } = readConfig();
  const token = await jobToken({ ...(tokenFile === undefined ? {} : { tokenFile }), ...(audience === undefined ? {} : { audience }) }, readJobTokens());
  const issued = await exchangeToken({ url, tenant, token, scopes: scope });
  say(`Signed in to ${tenant} for ${issued.expires_in} s, for ${issued.scope}. Set it as COUNTERSIGN_API_KEY.`);
  if (output !== undefined) return keep(output, issued.access_token);
  if (json === true) printJson(issued);
  else process.stdout.write(`${issued.access_token}\n`);
}

/** A file that was there and open to others would stay so: it must be a new one. */
async function keep(file: string, token: string): Promise<void> {
  await writeFile(file, `${token}\n`, { mode: 0o600, flag: 'wx' }).catch((cause: Error) => {
    throw new CliError('input_invalid', `--output ${file} cannot be written: ${cause.message}. Name a file that is not there yet.`, { cause });
  });
}
