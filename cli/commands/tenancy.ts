import { Command } from 'commander';
import { addCommand, table, told, withReason } from '../add-command.ts';
import { printTable } from '../output.ts';

/** `countersign workspaces|limits|retention|legal-holds|erasure`: the tenant as a whole, and what it keeps. */
export function tenancyCommands(): Command[] {
  return [workspaces(), limits(), retention(), legalHolds(), erasure()];
}

function workspaces(): Command {
  const command = new Command('workspaces').description('What is kept apart');
  addCommand(command, 'list', {
    does: 'Workspaces, the oldest first',
    ask: (api) => api.call('get', '/api/v1/workspaces', {}),
  }, table({ WORKSPACE: ({ id }) => id, SLUG: ({ slug }) => slug, NAME: ({ name }) => name, HOME: ({ is_home }) => is_home }));
  addCommand(command, 'make', {
    does: 'Make a workspace, with its environments',
    takes: [['<slug>', 'small letters, digits and hyphens'], ['<name>', 'what people call it']],
    ask: (api, [slug = '', name = '']) => api.call('post', '/api/v1/workspaces', { body: { slug, name } }),
  }, told(({ id, name }) => `${name} is ${id}.`));
  return command;
}

function limits(): Command {
  const command = new Command('limits').description('How much there may be');
  addCommand(command, 'list', {
    does: 'What is allowed, and what is used',
    ask: (api) => api.call('get', '/api/v1/limits', {}),
  }, ({ quotas }) => table<(typeof quotas)[number]>({ LIMIT: ({ name }) => name, OF: ({ workspace_id }) => workspace_id ?? 'the tenant', USED: ({ used }) => used, 'YOUR LIMIT': ({ max }) => max ?? 'none', 'THE CELL ALLOWS': ({ ceiling }) => ceiling ?? 'any' })({ items: quotas }));
  return command;
}

function retention(): Command {
  const command = new Command('retention').description('How long what is kept');
  addCommand(command, 'get', {
    does: 'In days',
    ask: (api) => api.call('get', '/api/v1/retention', {}),
  }, ({ content_days, content_default_days, operational_days, audit_days }) => printTable(['WHAT', 'DAYS'], [
      ['content', content_days === null ? `${content_default_days} (the cell's default)` : String(content_days)], ['how runs were carried out', operational_days === null ? 'for ever' : String(operational_days)], ['bodies of audit events', audit_days === null ? 'for ever' : String(audit_days)],
    ]));
  return command;
}

function legalHolds(): Command {
  const command = new Command('legal-holds').description('What is kept while a case goes on');
  addCommand(command, 'list', {
    does: 'Those in force first',
    ask: (api) => api.call('get', '/api/v1/legal-holds', {}),
  }, table({ HOLD: ({ id }) => id, SCOPE: ({ scope }) => scope, TARGET: ({ target }) => target, SET: ({ set_at }) => set_at, RELEASED: ({ released_at }) => released_at, REASON: ({ reason }) => reason }));
  addCommand(command, 'set', {
    does: 'Keep something, whatever its retention says',
    takes: [['<scope>', 'subject, run, principal, workspace or tenant'], ['[target]', 'its id; not for tenant']],
    options: withReason,
    ask: (api, [scope = '', target = ''], { reason }: { reason: string }) => api.call('post', '/api/v1/legal-holds', { body: { scope: scope as 'run', reason, ...(target === '' ? {} : { target }) } }),
  }, told(({ id }) => `${id} is in force.`));
  addCommand(command, 'release', {
    does: 'End a hold; what is past its retention goes within a day',
    takes: [['<hold>', 'the hold id']],
    options: withReason,
    ask: (api, [hold_id = ''], { reason }: { reason: string }) => api.call('post', '/api/v1/legal-holds/{hold_id}/release', { path: { hold_id }, body: { reason } }),
  }, told(({ id }) => `${id} is released.`));
  return command;
}

function erasure(): Command {
  const command = new Command('erasure').description('Taking people out of everything but the audit');
  addCommand(command, 'list', {
    does: 'Erasure requests, newest first',
    ask: (api) => api.call('get', '/api/v1/erasure-requests', {}),
  }, table({ REQUEST: ({ id }) => id, STATE: ({ state }) => state, PSEUDONYM: ({ pseudonym }) => pseudonym, 'HELD BY': ({ blocked_by }) => blocked_by, ROWS: ({ counts }) => Object.values(counts).reduce((sum, count) => sum + count, 0), EVIDENCE: ({ evidence_package_id }) => evidence_package_id }));
  addCommand(command, 'request', {
    does: 'Erase a person, by id or by e-mail; it cannot be undone',
    takes: [['<person>', 'a person id, or an e-mail address']],
    options: withReason,
    ask: (api, [who = ''], { reason }: { reason: string }) => api.call('post', '/api/v1/erasure-requests', { body: { reason, person: who.includes('@') ? { email: who } : { principal_id: who } } }),
  }, told(({ id, state }) => `${id} is ${state}.`));
  return command;
}
