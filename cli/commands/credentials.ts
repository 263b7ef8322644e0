import { Command } from 'commander';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { addCommand, table, told } from '../add-command.ts';
import { wholeNumber } from '../choices.ts';
import { CliError } from '../errors.ts';
import { givenObject } from '../given-text.ts';

type NewCredential = components['schemas']['NewCredential'];

interface ValueOptions {
  readonly valueFile?: string;
  readonly secretRef?: string;
  readonly overlapS?: string;
}

const HOLDS = 'what the kind takes, such as {"username": ..., "password": ...} for basic or {"token": ...} for bearer';

/** `countersign credentials`: what connectors sign in with. Values go in, by file or stdin, and never come out. */
export function credentialsCommand(): Command {
  const command = new Command('credentials').description('What connectors sign in with; never its values');
  addCommand(command, 'list', {
    does: 'By name, with what uses them',
    ask: (api) => api.call('get', '/api/v1/credentials', {}),
  }, table({ CREDENTIAL: ({ id }) => id, NAME: ({ name }) => name, KIND: ({ kind }) => kind, VERSION: ({ version }) => version, FROM: ({ source, secret_ref }) => secret_ref ?? source, ROTATED: ({ rotated_at }) => rotated_at, 'USED BY': ({ used_by }) => used_by.map(({ name }) => name).join(' ') }));
  addCommand(command, 'store', {
    does: 'Store one: its value sealed here, or where it is kept instead',
    takes: [['<name>', 'small letters, digits and hyphens'], ['<kind>', 'basic, bearer, api_key, oauth_client_credentials, oauth_refresh_token, signed_jwt, client_certificate or webhook_secret']],
    options: withValue,
    ask: async (api, [name = '', kind = ''], options: ValueOptions) => api.call('post', '/api/v1/credentials', { body: { name, kind: kind as NewCredential['kind'], ...await valueOf(options) } }),
  }, told(({ id, name }) => `${name} is ${id}.`));
  addCommand(command, 'rotate', {
    does: 'Replace the value; what uses the credential goes on with the new one',
    takes: [['<credential>', 'the credential id']],
    options: (it) => withValue(it).option('--overlap-s <seconds>', 'of a webhook_secret: how long the one before verifies, too'),
    ask: async (api, [credential_id = ''], { overlapS, ...options }: ValueOptions) => api.call('post', '/api/v1/credentials/{credential_id}/rotate', {
      path: { credential_id }, body: { ...await valueOf(options), ...(overlapS === undefined ? {} : { overlap_s: wholeNumber(overlapS, '--overlap-s', { min: 0, max: 604_800 }) }) },
    }),
  }, told(({ name, version, previous_until }) => `${name} has version ${version}${previous_until === null ? '' : `; the one before verifies until ${previous_until}`}.`));
  addCommand(command, 'remove', {
    does: 'Remove one that nothing uses',
    takes: [['<credential>', 'the credential id']],
    ask: (api, [credential_id = '']) => api.call('delete', '/api/v1/credentials/{credential_id}', { path: { credential_id } }),
  }, told(() => 'It is removed.'));
  return command;
}

function withValue(command: Command): Command {
  return command.option('--value-file <file>', 'JSON with the value, or - for stdin; never on the command line, where others see it').option('--secret-ref <ref>', 'where it is kept instead: aws-sm:NAME, env:NAME or file:NAME');
}

async function valueOf({ valueFile, secretRef }: ValueOptions): Promise<Pick<NewCredential, 'value' | 'secret_ref'>> {
  if ((valueFile === undefined) === (secretRef === undefined)) throw new CliError('input_invalid', 'Give --value-file FILE (or - for stdin), or --secret-ref REF: exactly one of them.');
  return secretRef === undefined ? { value: await givenObject(valueFile ?? '-', '--value-file', HOLDS) } : { secret_ref: secretRef };
}
