import { Command } from 'commander';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { addCommand, table, told } from '../add-command.ts';
import type { ApiClient } from '../api-client.ts';
import { CliError } from '../errors.ts';

type Group = components['schemas']['Group'];
type Roles = components['schemas']['GroupRoles'];

/** `countersign groups`: who belongs together, and what that gives them. A directory's groups are changed in the directory. */
export function groupsCommand(): Command {
  const command = new Command('groups').description('Groups, who is in them, and what they hold');
  addCommand(command, 'list', {
    does: 'Groups by name',
    ask: (api) => api.call('get', '/api/v1/groups', {}),
  }, table({ GROUP: ({ id }) => id, NAME: ({ name }) => name, 'KEPT BY': ({ source }) => source, MEMBERS: ({ members }) => members.length }));
  addCommand(command, 'members', {
    does: 'Who is in a group',
    takes: [['<group>', 'the group id']],
    ask: (api, [group = '']) => groupOf(api, group),
  }, ({ members }) => members.forEach((member) => process.stdout.write(`${member}\n`)));
  addCommand(command, 'make', {
    does: 'Make a group; it gives nothing until a role is given to it',
    takes: [['<name>', 'what people call it']],
    ask: (api, [name = '']) => api.call('post', '/api/v1/groups', { body: { name } }),
  }, told(({ id, name }) => `${name} is ${id}. Give it a role: countersign groups give ${id} ROLE WORKSPACE`));
  addCommand(command, 'rename', {
    does: 'Call a group something else',
    takes: [['<group>', 'the group id'], ['<name>', 'the new name']],
    ask: (api, [group_id = '', name = '']) => api.call('patch', '/api/v1/groups/{group_id}', { path: { group_id }, body: { name } }),
  }, told(({ id, name }) => `${id} is called ${name}.`));
  membership(command);
  addCommand(command, 'remove', {
    does: 'Remove a group; who is in it loses what it gave',
    takes: [['<group>', 'the group id']],
    ask: (api, [group_id = '']) => api.call('delete', '/api/v1/groups/{group_id}', { path: { group_id } }),
  }, told(() => 'It is removed.'));
  rolesOfGroup(command);
  return command;
}

/** The API takes the whole list of members: it is read, changed and written. */
function membership(command: Command): void {
  addCommand(command, 'add', {
    does: 'Put a person into a group',
    takes: [['<group>', 'the group id'], ['<person>', 'the person id']],
    ask: async (api, [group_id = '', person = '']) => {
      const { members } = await groupOf(api, group_id);
      return api.call('patch', '/api/v1/groups/{group_id}', { path: { group_id }, body: { members: [...new Set([...members, person])] } });
    },
  }, told(({ name, members }, [, person]) => `${person} is in ${name}, with ${members.length - 1} more.`));
  addCommand(command, 'take-out', {
    does: 'Take a person out of a group',
    takes: [['<group>', 'the group id'], ['<person>', 'the person id']],
    ask: async (api, [group_id = '', person = '']) => {
      const { name, members } = await groupOf(api, group_id);
      if (!members.includes(person)) throw new CliError('input_invalid', `<person> ${person} is not in ${name}. Who is: countersign groups members ${group_id}`);
      return api.call('patch', '/api/v1/groups/{group_id}', { path: { group_id }, body: { members: members.filter((member) => member !== person) } });
    },
  }, told(({ name, members }, [, person]) => `${person} is not in ${name} any more; ${members.length} are.`));
}

function rolesOfGroup(command: Command): void {
  addCommand(command, 'roles', {
    does: 'What members of a group hold',
    takes: [['<group>', 'the group id']],
    ask: (api, [group_id = '']) => api.call('get', '/api/v1/groups/{group_id}/roles', { path: { group_id } }),
  }, showRoles);
  addCommand(command, 'give', {
    does: 'Give a role to a group in a workspace',
    takes: [['<group>', 'the group id'], ['<role>', 'a role, by its name or id'], ['<workspace>', 'the workspace id']],
    ask: (api, [group_id = '', role = '', workspace_id = '']) => changeRoles(api, group_id, (before) => [...before.filter((one) => !isSame(one, { role, workspace_id })), { role, workspace_id }]),
  }, showRoles);
  addCommand(command, 'take', {
    does: 'Take a role from a group in a workspace',
    takes: [['<group>', 'the group id'], ['<role>', 'a role, by its name or id'], ['<workspace>', 'the workspace id']],
    ask: (api, [group_id = '', role = '', workspace_id = '']) => changeRoles(api, group_id, (before) => {
      const after = before.filter((one) => !isSame(one, { role, workspace_id }));
      if (after.length === before.length) throw new CliError('input_invalid', `<role> ${role}: the group does not hold it in ${workspace_id}. What it holds: countersign groups roles ${group_id}`);
      return after;
    }),
  }, showRoles);
}

async function groupOf(api: ApiClient, id: string): Promise<Group> {
  const { items } = await api.call('get', '/api/v1/groups', {});
  const found = items.find((group) => group.id === id);
  if (found === undefined) throw new CliError('input_invalid', `<group> ${id}: there is no such group. See: countersign groups list`);
  return found;
}

interface GivenRole {
  readonly role: string;
  readonly workspace_id: string;
}

async function changeRoles(api: ApiClient, group_id: string, change: (before: readonly GivenRole[]) => readonly GivenRole[]): Promise<Roles> {
  const { roles } = await api.call('get', '/api/v1/groups/{group_id}/roles', { path: { group_id } });
  return api.call('put', '/api/v1/groups/{group_id}/roles', { path: { group_id }, body: { roles: change(roles).map(({ role, workspace_id }) => ({ role, workspace_id })) } });
}

function isSame(one: GivenRole, other: GivenRole): boolean {
  return one.role === other.role && one.workspace_id === other.workspace_id;
}

function showRoles({ roles }: Roles): void {
  table<Roles['roles'][number]>({ WORKSPACE: ({ workspace_id }) => workspace_id, ROLE: ({ role }) => role, SINCE: ({ granted_at }) => granted_at })({ items: roles });
}
