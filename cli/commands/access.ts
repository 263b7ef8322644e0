import { Command } from 'commander';
import { addCommand, table, told, withReason } from '../add-command.ts';
import { CliError } from '../errors.ts';

/** `countersign roles|changes|break-glass`: who may do what, and what takes a second person. */
export function accessCommands(): Command[] {
  return [roles(), changes(), breakGlass()];
}

function roles(): Command {
  const command = new Command('roles').description('Roles, and who holds them');
  addCommand(command, 'list', {
    does: 'The roles there are, built in and of your own',
    ask: (api) => api.call('get', '/api/v1/roles', {}),
  }, table({ ROLE: ({ id }) => id, NAME: ({ name }) => name, 'BUILT IN': ({ built_in }) => built_in, 'HELD BY': ({ in_use }) => in_use, MAY: ({ permissions }) => permissions.join(' ') }));
  addCommand(command, 'held', {
    does: 'Who holds which role in the workspace',
    ask: (api) => api.call('get', '/api/v1/role-assignments', {}),
  }, table({ PRINCIPAL: ({ principal_id }) => principal_id, NAME: ({ display_name }) => display_name, ROLE: ({ role }) => role, BY: ({ source }) => source, EXPIRES: ({ expires_at }) => expires_at }));
  addCommand(command, 'give', {
    does: 'Give a role in the workspace',
    takes: [['<principal>', 'a person or a service account'], ['<role>', 'a role, by its name or id']],
    ask: (api, [principal_id = '', role = '']) => api.call('post', '/api/v1/role-assignments', { body: { principal_id, role } }),
  }, told(({ display_name, role }) => `${display_name} holds ${role}.`));
  addCommand(command, 'take', {
    does: 'Take a role that was given directly',
    takes: [['<principal>', 'a person or a service account'], ['<role>', 'a role, by its name or id']],
    ask: (api, [principal_id = '', role = '']) => api.call('delete', '/api/v1/role-assignments', { query: { principal_id, role } }),
  }, told((_answer, [principal, role]) => `${principal} holds ${role} no more.`));
  addCommand(command, 'permissions', {
    does: 'Every permission, and the built-in roles that hold it',
    ask: (api) => api.call('get', '/api/v1/permissions', {}),
  }, table({ PERMISSION: ({ name }) => name, ROLES: ({ roles: holders }) => holders.join(' '), OPENS: ({ operations }) => operations.join(' ') }));
  return command;
}

function changes(): Command {
  const command = new Command('changes').description('What waits for a second person');
  addCommand(command, 'list', {
    does: 'Changes that wait; with --all, those that waited, too',
    options: (it) => it.option('--all', 'those that are decided, too'),
    ask: (api, _given, { all }: { all?: boolean }) => api.call('get', '/api/v1/change-requests', { query: { limit: 200, ...(all === true ? {} : { state: 'pending' }) } }),
  }, table({ CHANGE: ({ id }) => id, STATE: ({ state }) => state, OPERATION: ({ operation }) => operation, 'ASKED BY': ({ requested_by }) => requested_by, EXPIRES: ({ expires_at }) => expires_at, DIGEST: ({ digest }) => digest }));
  for (const act of ['approve', 'reject'] as const) {
    addCommand(command, act, {
      does: act === 'approve' ? 'Agree with exactly the call of that digest, and have it carried out for who asked' : 'Disagree; it is not carried out',
      takes: [['<change>', 'the change id']],
      options: (it) => it.requiredOption('--digest <digest>', 'of the call that you looked at').option('--reason <text>', 'why'),
      ask: (api, [change_id = ''], { digest, reason }: { digest: string; reason?: string }) => {
        const call = { path: { change_id }, body: { digest, ...(reason === undefined ? {} : { reason }) } };
        return act === 'approve' ? api.call('post', '/api/v1/change-requests/{change_id}/approve', call) : api.call('post', '/api/v1/change-requests/{change_id}/reject', call);
      },
    }, ({ id, state, result }) => {
        if (state === 'failed') throw new CliError('request_refused', `${id}: agreed, and refused when it was carried out: ${result?.code ?? ''} ${result?.detail ?? ''}`);
        told(() => `${id} is ${state}.`)(null, []);
      });
  }
  addCommand(command, 'withdraw', {
    does: 'Take back what you asked for',
    takes: [['<change>', 'the change id']],
    ask: (api, [change_id = '']) => api.call('post', '/api/v1/change-requests/{change_id}/withdraw', { path: { change_id } }),
  }, told(({ id, state }) => `${id} is ${state}.`));
  return command;
}

function breakGlass(): Command {
  const command = new Command('break-glass').description('Roles that were taken in an emergency; taking one needs the console, and a fresh sign-in');
  addCommand(command, 'list', {
    does: 'By whom, and until when',
    ask: (api) => api.call('get', '/api/v1/break-glass', {}),
  }, table({ GRANT: ({ id }) => id, WHO: ({ display_name }) => display_name, ROLE: ({ role }) => role, ACTIVE: ({ active }) => active, ENDS: ({ ends_at }) => ends_at, VERDICT: ({ verdict }) => verdict, EVIDENCE: ({ evidence_id }) => evidence_id }));
  addCommand(command, 'end', {
    does: 'End one before its time',
    takes: [['<grant>', 'the grant id']],
    ask: (api, [grant_id = '']) => api.call('post', '/api/v1/break-glass/{grant_id}/end', { path: { grant_id } }),
  }, told(({ display_name, role }) => `${display_name} holds ${role} no more.`));
  for (const [name, verdict] of [['justify', 'justified'], ['condemn', 'not_justified']] as const) {
    addCommand(command, name, {
      does: `Review one that is over: it was ${verdict.replace('_', ' ')}`,
      takes: [['<grant>', 'the grant id']],
      options: withReason,
      ask: (api, [grant_id = ''], { reason }: { reason: string }) => api.call('post', '/api/v1/break-glass/{grant_id}/review', { path: { grant_id }, body: { verdict, reason } }),
    }, told(({ id }) => `${id} is reviewed.`));
  }
  return command;
}
