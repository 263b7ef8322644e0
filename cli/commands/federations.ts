import { Command } from 'commander';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { addCommand, table, told } from '../add-command.ts';
import { repeated, wholeNumber } from '../choices.ts';
import { CliError } from '../errors.ts';
import { givenText } from '../given-text.ts';

type Condition = components['schemas']['Condition'];

interface NewFederationOptions {
  readonly issuer: string;
  readonly audience: string;
  readonly account: string;
  readonly where: readonly string[];
  readonly like: readonly string[];
  readonly scope: readonly string[];
  readonly ttlS?: string;
  readonly workspace?: string;
}

/** `countersign federations`: issuers whose tokens are exchanged for ours, so that CI needs no stored key. */
export function federationsCommand(): Command {
  const command = new Command('federations').description('Issuers whose tokens are exchanged for ours');
  addCommand(command, 'list', {
    does: 'Federations by name',
    ask: (api) => api.call('get', '/api/v1/federations', {}),
  }, table({ FEDERATION: ({ id }) => id, NAME: ({ name }) => name, ISSUER: ({ issuer }) => issuer, AUDIENCE: ({ audience }) => audience, WHERE: ({ conditions }) => conditions.map(inWords).join(' '), 'ACTS FOR': ({ principal_id }) => principal_id, ENABLED: ({ enabled }) => enabled, 'LAST USED': ({ last_used_at }) => last_used_at }));
  addCommand(command, 'add', {
    does: 'Trust tokens of an issuer: those for which every condition holds',
    takes: [['<name>', 'what people call it']],
    options: (it) => it.requiredOption('--issuer <url>', 'the `iss` of its tokens').requiredOption('--audience <text>', 'the `aud` that its tokens must be made for').requiredOption('--account <id>', 'the service account that its tokens act for')
      .option('--where <claim=value>', 'what a claim must be, exactly; may be repeated, needed once at least', repeated, []).option('--like <claim=pattern>', 'a pattern for a claim, in which * stops at / and :; may be repeated', repeated, [])
      .requiredOption('--scope <permission>', 'what its tokens may; may be repeated', repeated).option('--ttl-s <seconds>', 'how long a token of ours lives: 60 to 3600; 900 when absent').option('--workspace <id>', 'the workspace; the one of your key when absent'),
    ask: (api, [name = ''], { issuer, audience, account, where, like, scope, ttlS, workspace }: NewFederationOptions) => api.call('post', '/api/v1/federations', {
      body: {
        name, issuer, audience, principal_id: account, scopes: [...scope], conditions: conditionsOf(where, like),
        ...(ttlS === undefined ? {} : { token_ttl_s: wholeNumber(ttlS, '--ttl-s', { min: 60, max: 3_600 }) }), ...(workspace === undefined ? {} : { workspace_id: workspace }),
      },
    }),
  }, told(({ id, name, audience }) => `${name} (${id}) is trusted. In the job: countersign login --federation --tenant SLUG --audience ${audience}`));
  addCommand(command, 'test', {
    does: 'What is wrong with a token, if anything; nothing is issued',
    takes: [['<federation>', 'the federation id']],
    options: (it) => it.requiredOption('--token-file <file>', 'where the token is, or - for stdin'),
    ask: async (api, [federation_id = ''], { tokenFile }: { tokenFile: string }) => api.call('post', '/api/v1/federations/{federation_id}/test', { path: { federation_id }, body: { token: (await givenText(tokenFile, '--token-file')).trim() } }),
  }, ({ accepted, failed }) => {
    if (!accepted) throw new CliError('request_refused', ['It would be refused.', ...failed.map(({ check, detail }) => `  ${check}: ${detail}`)].join('\n'));
    told(() => 'It would be accepted.')(null, []);
  });
  for (const act of ['enable', 'disable'] as const) {
    addCommand(command, act, {
      does: act === 'enable' ? 'Trust it again' : 'Trust it no longer for now, and end the tokens that it got',
      takes: [['<federation>', 'the federation id']],
      ask: (api, [federation_id = '']) => api.call('patch', '/api/v1/federations/{federation_id}', { path: { federation_id }, body: { enabled: act === 'enable' } }),
    }, told(({ name, enabled }) => `${name} is ${enabled ? 'trusted' : 'not trusted for now'}.`));
  }
  addCommand(command, 'remove', {
    does: 'Trust it no longer, and end the tokens that it got',
    takes: [['<federation>', 'the federation id']],
    ask: (api, [federation_id = '']) => api.call('delete', '/api/v1/federations/{federation_id}', { path: { federation_id } }),
  }, told(() => 'It is trusted no more.'));
  return command;
}

function conditionsOf(where: readonly string[], like: readonly string[]): Condition[] {
  if (where.length === 0) throw new CliError('input_invalid', '--where is missing: one claim at least must be said exactly, such as --where repository=acme/app. Otherwise every job of the issuer would be trusted.');
  return [...where.map((text) => ({ ...split(text, '--where'), equals: true })), ...like.map((text) => ({ ...split(text, '--like'), equals: false }))]
    .map(({ claim, value, equals }) => (equals ? { claim, equals: value } : { claim, glob: value }));
}

function split(text: string, option: string): { readonly claim: string; readonly value: string } {
  const at = text.indexOf('=');
  if (at < 1 || at === text.length - 1) throw new CliError('input_invalid', `${option} ${text}: write the claim, = and what it must be, such as ${option === '--where' ? 'repository=acme/app' : 'ref=refs/heads/*'}.`);
  return { claim: text.slice(0, at), value: text.slice(at + 1) };
}

function inWords({ claim, equals, glob }: Condition): string {
  return equals === undefined ? `${claim}~${glob ?? ''}` : `${claim}=${equals}`;
}
