import { Command } from 'commander';
import { addCommand, shownOnce, table, told } from '../add-command.ts';
import { durationInWords, durationMs } from '../durations.ts';
import { CliError } from '../errors.ts';
import { groupsCommand } from './groups.ts';

/** `countersign people|groups|sessions`: who may sign in, and where they are signed in. */
export function peopleCommands(): Command[] {
  return [people(), groupsCommand(), sessions()];
}

function people(): Command {
  const command = new Command('people').description('Who may sign in, and who is invited');
  addCommand(command, 'list', {
    does: 'People, newest first',
    options: (it) => it.option('--search <text>', 'part of a name or of an address'),
    ask: (api, _given, { search }: { search?: string }) => api.call('get', '/api/v1/people', { query: { limit: 200, ...(search === undefined ? {} : { q: search }) } }),
  }, table({ PERSON: ({ id }) => id, NAME: ({ display_name }) => display_name, EMAIL: ({ email }) => email, STATE: ({ state }) => state, ROLES: ({ roles }) => roles.map(({ workspace_id, role }) => `${role}@${workspace_id}`).join(' '), SEEN: ({ last_seen_at }) => last_seen_at }));
  for (const act of ['disable', 'enable'] as const) {
    addCommand(command, act, {
      does: act === 'disable' ? 'Sessions end at once, and keys open nothing' : 'May sign in again',
      takes: [['<person>', 'the person id']],
      ask: (api, [principal_id = '']) => api.call('patch', '/api/v1/people/{principal_id}', { path: { principal_id }, body: { disabled: act === 'disable' } }),
    }, told(({ display_name, state }) => `${display_name} is ${state}.`));
  }
  addCommand(command, 'invite', {
    does: 'Invite a person; the link goes to stdout, once',
    takes: [['<email>', 'the address'], ['<name>', 'the name']],
    options: (it) => it.option('--role <role>', 'a role in the workspace; may be repeated', (role: string, roles: string[]) => [...roles, role], []),
    ask: (api, [email = '', display_name = ''], { role }: { role: string[] }) => api.call('post', '/api/v1/invitations', { body: { email, display_name, roles: role } }),
  }, shownOnce(({ link }) => link, ({ display_name, expires_at }) => `${display_name} is invited until ${expires_at}.`));
  addCommand(command, 'invitations', {
    does: 'Who is invited',
    ask: (api) => api.call('get', '/api/v1/invitations', {}),
  }, table({ INVITATION: ({ id }) => id, STATE: ({ state }) => state, NAME: ({ display_name }) => display_name, EMAIL: ({ email }) => email, ROLES: ({ roles }) => roles.join(' '), EXPIRES: ({ expires_at }) => expires_at }));
  addCommand(command, 'withdraw', {
    does: 'Withdraw an invitation',
    takes: [['<invitation>', 'the invitation id']],
    ask: (api, [invitation_id = '']) => api.call('delete', '/api/v1/invitations/{invitation_id}', { path: { invitation_id } }),
  }, told(() => 'It opens nothing any more.'));
  return command;
}

function sessions(): Command {
  const command = new Command('sessions').description('Where people are signed in');
  addCommand(command, 'list', {
    does: 'Your sessions, or those of --person',
    options: (it) => it.option('--person <id>', 'a person id'),
    ask: (api, _given, { person }: { person?: string }) => api.call('get', '/api/v1/sessions', { query: person === undefined ? {} : { principal_id: person } }),
  }, table({ SESSION: ({ id }) => id, 'SIGNED IN': ({ signed_in_at }) => signed_in_at, BY: ({ method }) => method, SEEN: ({ last_seen_at }) => last_seen_at, ENDS: ({ expires_at }) => expires_at }));
  addCommand(command, 'end', {
    does: 'End a session, and the pages that show it',
    takes: [['<session>', 'the session id']],
    ask: (api, [session_id = '']) => api.call('delete', '/api/v1/sessions/{session_id}', { path: { session_id } }),
  }, told(() => 'It has ended.'));
  addCommand(command, 'revoke', {
    does: 'End all sessions of a person, or all of yours',
    options: (it) => it.option('--person <id>', 'a person id').option('--mine', 'your own'),
    ask: (api, _given, { person, mine }: { person?: string; mine?: boolean }) => {
      if ((person === undefined) !== (mine === true)) throw new CliError('input_invalid', 'Say whose: --person ID, or --mine. One session alone ends with: countersign sessions end SESSION');
      return api.call('post', '/api/v1/sessions/revoke', { body: person === undefined ? {} : { principal_id: person } });
    },
  }, told(({ revoked }) => `${revoked} session(s) have ended.`));
  addCommand(command, 'limits', {
    does: 'How long sessions last; with an option, set that',
    options: (it) => it.option('--idle <duration>', 'a session that is not used for so long has ended: 5m to 1d').option('--absolute <duration>', 'a session that is so old has ended, however much it is used: 15m to 30d'),
    ask: async (api, _given, { idle, absolute }: { idle?: string; absolute?: string }) => {
      const { body, etag } = await api.read('get', '/api/v1/session-limits', {});
      if (idle === undefined && absolute === undefined) return body;
      return api.call('put', '/api/v1/session-limits', { etag, body: { idle_s: idle === undefined ? body.idle_s : durationMs(idle) / 1_000, absolute_s: absolute === undefined ? body.absolute_s : durationMs(absolute) / 1_000 } });
    },
  }, ({ idle_s, absolute_s }) => process.stdout.write(`not used   ${durationInWords(idle_s * 1_000)}\nin all     ${durationInWords(absolute_s * 1_000)}\n`));
  return command;
}
