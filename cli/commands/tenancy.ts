import { Command } from 'commander';
import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { addCommand, table, told, withReason } from '../add-command.ts';
import { wholeNumber } from '../choices.ts';
import { CliError } from '../errors.ts';
import { printTable } from '../output.ts';

type Limits = components['schemas']['Limits'];
type Retention = components['schemas']['Retention'];

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
  addCommand(command, 'archive', {
    does: 'Start nothing in a workspace any more; what is in it stays, and may be restored',
    takes: [['<workspace>', 'the workspace id']],
    options: withReason,
    ask: (api, [workspace_id = ''], { reason }: { reason: string }) => api.call('post', '/api/v1/workspaces/{workspace_id}/archive', { path: { workspace_id }, body: { reason } }),
  }, told(({ name }) => `${name} is archived.`));
  addCommand(command, 'restore', {
    does: 'Use a workspace again',
    takes: [['<workspace>', 'the workspace id']],
    options: withReason,
    ask: (api, [workspace_id = ''], { reason }: { reason: string }) => api.call('post', '/api/v1/workspaces/{workspace_id}/restore', { path: { workspace_id }, body: { reason } }),
  }, told(({ name }) => `${name} is in use again.`));
  addCommand(command, 'environments', {
    does: 'The environments of the workspace, in the order of promotion',
    ask: (api) => api.call('get', '/api/v1/environments', {}),
  }, table({ ENVIRONMENT: ({ id }) => id, NAME: ({ name }) => name, WORKFLOWS: ({ active_workflows }) => active_workflows, INSTANCES: ({ instances }) => instances }));
  return command;
}

function limits(): Command {
  const command = new Command('limits').description('How much there may be');
  addCommand(command, 'list', {
    does: 'What is allowed, and what is used',
    ask: (api) => api.call('get', '/api/v1/limits', {}),
  }, showLimits);
  addCommand(command, 'set', {
    does: 'Allow yourself so much, and no more; the other limits stay as they are',
    takes: [['<limit>', 'its name, as `list` prints it'], ['<max>', 'a whole number, or none to take the limit away']],
    options: (it) => it.option('--workspace <id>', 'for this workspace alone: runs_per_day, active_runs and requests_per_minute'),
    ask: async (api, [name = '', max = ''], { workspace }: { workspace?: string }) => {
      const { body, etag } = await api.read('get', '/api/v1/limits', {});
      if (!body.quotas.some((quota) => quota.name === name)) throw new CliError('input_invalid', `<limit> ${name}: write ${[...new Set(body.quotas.map((quota) => quota.name))].join(', ')}.`);
      const wanted = max === 'none' ? null : wholeNumber(max, '<max>', { min: 0, max: 1_000_000_000 });
      const others = body.quotas.filter((quota) => !(quota.name === name && quota.workspace_id === (workspace ?? null)));
      const quotas = [...others, { name: name as Limits['quotas'][number]['name'], workspace_id: workspace ?? null, max: wanted }]
        .flatMap((quota) => (quota.max === null ? [] : [{ name: quota.name, max: quota.max, ...(quota.workspace_id === null ? {} : { workspace_id: quota.workspace_id }) }]));
      return api.call('put', '/api/v1/limits', { body: { quotas }, etag });
    },
  }, showLimits);
  return command;
}

function showLimits({ quotas }: Limits): void {
  table<Limits['quotas'][number]>({ LIMIT: ({ name }) => name, OF: ({ workspace_id }) => workspace_id ?? 'the tenant', USED: ({ used }) => used, 'YOUR LIMIT': ({ max }) => max ?? 'none', 'THE CELL ALLOWS': ({ ceiling }) => ceiling ?? 'any' })({ items: quotas });
}

function retention(): Command {
  const command = new Command('retention').description('How long what is kept');
  addCommand(command, 'get', {
    does: 'In days',
    ask: (api) => api.call('get', '/api/v1/retention', {}),
  }, showRetention);
  addCommand(command, 'set', {
    does: 'Set how long what is kept; what is not named stays as it is',
    options: (it) => it.option('--content-days <days>', 'tickets, answers and reasons: 0 to 3650, or default for what the cell says')
      .option('--operational-days <days>', 'how runs were carried out: 1 to 3650, or ever').option('--audit-days <days>', 'the bodies of audit events: 365 to 36500, or ever; digests and proofs stay'),
    ask: async (api, _given, { contentDays, operationalDays, auditDays }: { contentDays?: string; operationalDays?: string; auditDays?: string }) => {
      if (contentDays === undefined && operationalDays === undefined && auditDays === undefined) throw new CliError('input_invalid', 'Name what to set: --content-days, --operational-days or --audit-days.');
      const { body, etag } = await api.read('get', '/api/v1/retention', {});
      return api.call('put', '/api/v1/retention', { etag, body: {
        content_days: contentDays === undefined ? body.content_days : daysOf(contentDays, '--content-days', 'default', { min: 0, max: 3_650 }),
        operational_days: operationalDays === undefined ? body.operational_days : daysOf(operationalDays, '--operational-days', 'ever', { min: 1, max: 3_650 }),
        audit_days: auditDays === undefined ? body.audit_days : daysOf(auditDays, '--audit-days', 'ever', { min: 365, max: 36_500 }),
      } });
    },
  }, showRetention);
  return command;
}

function daysOf(text: string, option: string, none: string, bounds: { readonly min: number; readonly max: number }): number | null {
  return text === none ? null : wholeNumber(text, option, bounds);
}

function showRetention({ content_days, content_default_days, operational_days, audit_days }: Retention): void {
  printTable(['WHAT', 'DAYS'], [
    ['content', content_days === null ? `${content_default_days} (the cell's default)` : String(content_days)], ['how runs were carried out', operational_days === null ? 'for ever' : String(operational_days)], ['bodies of audit events', audit_days === null ? 'for ever' : String(audit_days)],
  ]);
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
