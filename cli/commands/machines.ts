import { Command } from 'commander';
import { addCommand, shownOnce, table, told } from '../add-command.ts';
import { repeated, wholeNumber } from '../choices.ts';
import { federationsCommand } from './federations.ts';

/** `countersign api-keys|service-accounts|oauth-clients|federations`: programs that call the API. Secrets go to stdout, once. */
export function machineCommands(): Command[] {
  return [apiKeys(), serviceAccounts(), oauthClients(), federationsCommand()];
}

function apiKeys(): Command {
  const command = new Command('api-keys').description('Keys that call the API');
  addCommand(command, 'list', {
    does: 'Your keys, or those of --principal',
    options: (it) => it.option('--principal <id>', 'a person or a service account'),
    ask: (api, _given, { principal }: { principal?: string }) => api.call('get', '/api/v1/api-keys', { query: principal === undefined ? {} : { principal_id: principal } }),
  }, table({ KEY: ({ id }) => id, NAME: ({ name }) => name, 'BEGINS WITH': ({ prefix }) => prefix, SCOPES: ({ scopes }) => scopes?.join(' ') ?? 'all', EXPIRES: ({ expires_at }) => expires_at, 'LAST USED': ({ last_used_at }) => last_used_at }));
  addCommand(command, 'make', {
    does: 'Make a key; its value goes to stdout',
    takes: [['<name>', 'what uses it']],
    options: (it) => it.option('--scope <permission>', 'what it may; may be repeated, none for all that its owner may', repeated, []).option('--principal <id>', 'a service account; you, when absent').option('--expires <time>', 'RFC 3339'),
    ask: (api, [name = ''], { scope, principal, expires }: { scope: string[]; principal?: string; expires?: string }) => api.call('post', '/api/v1/api-keys', {
      body: { name, ...(scope.length === 0 ? {} : { scopes: scope }), ...(principal === undefined ? {} : { principal_id: principal }), ...(expires === undefined ? {} : { expires_at: expires }) },
    }),
  }, shownOnce(({ key }) => key, ({ id, name }) => `${name} (${id}) is made.`));
  addCommand(command, 'rotate', {
    does: 'A new key in the place of one; both work for the overlap',
    takes: [['<key>', 'the key id']],
    options: (it) => it.option('--overlap-s <seconds>', 'how long the old one still works', '86400'),
    ask: (api, [key_id = ''], { overlapS }: { overlapS: string }) => api.call('post', '/api/v1/api-keys/{key_id}/rotate', { path: { key_id }, body: { overlap_s: wholeNumber(overlapS, '--overlap-s', { min: 0, max: 604_800 }) } }),
  }, shownOnce(({ key }) => key, ({ id, name }) => `${name} (${id}) takes its place.`));
  addCommand(command, 'revoke', {
    does: 'End a key at once',
    takes: [['<key>', 'the key id']],
    ask: (api, [key_id = '']) => api.call('delete', '/api/v1/api-keys/{key_id}', { path: { key_id } }),
  }, told(() => 'It opens nothing any more.'));
  return command;
}

function serviceAccounts(): Command {
  const command = new Command('service-accounts').description('Principals that are programs');
  addCommand(command, 'list', {
    does: 'Service accounts by name',
    ask: (api) => api.call('get', '/api/v1/service-accounts', {}),
  }, table({ ACCOUNT: ({ id }) => id, NAME: ({ name }) => name, DISABLED: ({ disabled }) => disabled, KEYS: ({ api_keys }) => api_keys, CLIENTS: ({ clients }) => clients, FEDERATIONS: ({ federations: count }) => count }));
  addCommand(command, 'make', {
    does: 'Make one; it holds nothing until a role is given to it',
    takes: [['<name>', 'the program']],
    ask: (api, [name = '']) => api.call('post', '/api/v1/service-accounts', { body: { name } }),
  }, told(({ id, name }) => `${name} is ${id}. Give it a role: countersign roles give ${id} ROLE`));
  for (const act of ['disable', 'enable'] as const) {
    addCommand(command, act, {
      does: act === 'disable' ? 'Stop all of its keys, clients and tokens' : 'Let them work again',
      takes: [['<account>', 'the service account id']],
      ask: (api, [principal_id = '']) => api.call('patch', '/api/v1/service-accounts/{principal_id}', { path: { principal_id }, body: { disabled: act === 'disable' } }),
    }, told(({ name, disabled }) => `${name} ${disabled ? 'is stopped' : 'works again'}.`));
  }
  return command;
}

function oauthClients(): Command {
  const command = new Command('oauth-clients').description('Programs that get short-lived tokens for a secret');
  addCommand(command, 'list', {
    does: 'Clients by name',
    ask: (api) => api.call('get', '/api/v1/oauth-clients', {}),
  }, table({ CLIENT: ({ id }) => id, NAME: ({ name }) => name, 'ACTS FOR': ({ principal_id }) => principal_id, SCOPES: ({ scopes }) => scopes.join(' '), 'LAST USED': ({ last_used_at }) => last_used_at }));
  addCommand(command, 'make', {
    does: 'Make a client; its secret goes to stdout',
    takes: [['<name>', 'what uses it'], ['<account>', 'the service account that it acts for']],
    options: (it) => it.requiredOption('--scope <permission>', 'what it may; may be repeated', repeated, []),
    ask: (api, [name = '', principal_id = ''], { scope }: { scope: string[] }) => api.call('post', '/api/v1/oauth-clients', { body: { name, principal_id, scopes: scope } }),
  }, shownOnce(({ client_secret }) => client_secret, ({ id, name }) => `${name} has the client id ${id}.`));
  addCommand(command, 'rotate', {
    does: 'A new secret; both work for a day',
    takes: [['<client>', 'the client id']],
    ask: (api, [client_id = '']) => api.call('post', '/api/v1/oauth-clients/{client_id}/rotate', { path: { client_id }, body: {} }),
  }, shownOnce(({ client_secret }) => client_secret, ({ name }) => `${name} has a new secret.`));
  addCommand(command, 'remove', {
    does: 'Remove a client, and end the tokens that it got',
    takes: [['<client>', 'the client id']],
    ask: (api, [client_id = '']) => api.call('delete', '/api/v1/oauth-clients/{client_id}', { path: { client_id } }),
  }, told(() => 'It is removed.'));
  return command;
}
