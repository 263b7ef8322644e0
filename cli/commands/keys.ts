import { Command } from 'commander';
import { addCommand, table, told, withReason } from '../add-command.ts';
import { ApiClient } from '../api-client.ts';
import { readConfig } from '../config.ts';
import { printJson, say } from '../output.ts';
import { credentialsCommand } from './credentials.ts';

/** `countersign keys|data-keys|credentials`: what signs, what seals, and what connectors sign in with. */
export function keyCommands(): Command[] {
  return [keys(), dataKeys(), credentialsCommand()];
}

/** Without a further word: the key set as JSON, which evidence is verified with. */
function keys(): Command {
  const command = new Command('keys').description('The public key set that evidence is verified with, as JSON; and what to do with its keys').option('--json', 'it is always JSON').action(async () => printJson(await new ApiClient(readConfig()).keys()));
  addCommand(command, 'rotate', {
    does: 'Sign with a new key',
    takes: [['<purpose>', 'policy_bundle, checkpoint, evidence, webhook, work_order or agent_release']],
    options: withReason,
    ask: (api, [purpose = ''], { reason }: { reason: string }) => api.call('post', '/api/v1/keys/rotations', { body: { purpose: purpose as 'evidence', reason } }),
  }, told(({ kid, state, not_before }) => `${kid} is ${state}, from ${not_before}.`));
  addCommand(command, 'revoke', {
    does: 'Trust a key no more, since a moment',
    takes: [['<kid>', 'the key id']],
    options: (it) => withReason(it).requiredOption('--since <time>', 'the earliest moment at which somebody else may have had it, RFC 3339'),
    ask: (api, [kid = ''], { reason, since }: { reason: string; since: string }) => api.call('post', '/api/v1/keys/{kid}/revoke', { path: { kid }, body: { reason, compromised_since: since } }),
  }, told(({ kid }) => `${kid} is revoked; another key signs. What it signed: countersign keys signed ${kid}`));
  addCommand(command, 'signed', {
    does: 'What a key signed, newest first',
    takes: [['<kid>', 'the key id']],
    ask: (api, [kid = '']) => api.call('get', '/api/v1/keys/{kid}/signatures', { path: { kid }, query: { limit: 200 } }),
  }, (answer) => {
    table<(typeof answer.items)[number]>({ WHAT: ({ kind }) => kind, ID: ({ id }) => id, AT: ({ at }) => at, 'AFTER THE COMPROMISE': ({ after_compromise }) => after_compromise })(answer);
    if (answer.not_kept !== null) say(answer.not_kept);
  });
  return command;
}

function dataKeys(): Command {
  const command = new Command('data-keys').description('Keys that seal');
  addCommand(command, 'list', {
    does: 'By purpose and generation',
    ask: (api) => api.call('get', '/api/v1/data-keys', {}),
  }, table({ KEY: ({ id }) => id, PURPOSE: ({ purpose }) => purpose, GENERATION: ({ generation }) => generation, STATE: ({ state }) => state, 'WRAPPED BY': ({ kek }) => kek }));
  addCommand(command, 'rotate', {
    does: 'Seal with a new key; what was sealed before is sealed anew in the background',
    takes: [['<purpose>', 'content, credential, approval or identity']],
    options: withReason,
    ask: (api, [purpose = ''], { reason }: { reason: string }) => api.call('post', '/api/v1/data-keys/rotations', { body: { purpose: purpose as 'content', reason } }),
  }, told(({ purpose, generation }) => `Generation ${generation} seals ${purpose}.`));
  return command;
}
