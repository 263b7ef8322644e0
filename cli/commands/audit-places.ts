import type { Command } from 'commander';
import type { AuditEvent } from '@countersign/contracts/events/audit-event.ts';
import { addCommand, shownOnce, table, told } from '../add-command.ts';
import { oneOf, repeated } from '../choices.ts';
import { momentOf } from '../durations.ts';
import { CliError } from '../errors.ts';
import { say } from '../output.ts';

interface EventOptions {
  readonly type?: string;
  readonly actor?: string;
  readonly subject?: string;
  readonly run?: string;
  readonly query?: string;
  readonly since?: string;
  readonly until?: string;
  readonly limit: string;
  readonly cursor?: string;
}

interface SinkOptions {
  readonly kind: 'webhook' | 's3';
  readonly format: 'ocsf' | 'cef' | 'native';
  readonly endpoint?: string;
  readonly type: readonly string[];
  readonly showSensitive?: boolean;
  readonly fromFirst?: boolean;
}

/** `countersign audit events|sinks|witnesses`: what is in the audit, where it is sent, and who cosigns it. */
export function addAuditPlaces(audit: Command): void {
  addCommand(audit, 'events', {
    does: 'Search the audit, the newest first',
    options: (it) => it.option('--type <type>', 'such as approval.vote_cast, or approval.* for all of a kind').option('--actor <id>', 'who did it').option('--subject <id>', 'what it is about').option('--run <id>', 'of this run')
      .option('--query <text>', 'part of an id or a label').option('--since <when>', 'a time, or 2h ago as 2h').option('--until <when>', 'a time, or 2h ago as 2h').option('--limit <n>', 'how many', '50').option('--cursor <cursor>', 'the next page, as the one before named it'),
    ask: (api, _given, { type, actor, subject, run, query, since, until, limit, cursor }: EventOptions) => api.call('get', '/api/v1/audit/events', {
      query: {
        limit: Number(limit), order: 'newest', ...(cursor === undefined ? {} : { cursor }), ...(type === undefined ? {} : { type }), ...(actor === undefined ? {} : { actor }), ...(subject === undefined ? {} : { subject }),
        ...(run === undefined ? {} : { run_id: run }), ...(query === undefined ? {} : { q: query }), ...(since === undefined ? {} : { from: momentOf(since) }), ...(until === undefined ? {} : { to: momentOf(until) }),
      },
    }),
  }, ({ items, next_cursor }) => {
    table<(typeof items)[number]>({ SEQ: ({ seq }) => seq, AT: ({ event }) => shown(event).at, EVENT: ({ event }) => shown(event).type ?? '(its retention ended)', WHO: ({ event }) => shown(event).actor?.id, ABOUT: ({ event }) => shown(event).subject?.id })({ items });
    if (next_cursor !== null) say(`Older ones: --cursor ${next_cursor}`);
  });
  addSinks(audit.command('sinks').description('Where the audit is sent, such as a SIEM'));
  addWitnesses(audit.command('witnesses').description('Who cosigns checkpoints'));
}

/** What the contract says of an event is its own schema; of one whose retention ended nothing is left. */
function shown(event: object): Partial<Pick<AuditEvent, 'at' | 'type' | 'actor' | 'subject'>> {
  return event;
}

function addSinks(sinks: Command): void {
  addCommand(sinks, 'list', {
    does: 'With how far each has got',
    ask: (api) => api.call('get', '/api/v1/audit/sinks', {}),
  }, table({
    SINK: ({ id }) => id, NAME: ({ name }) => name, KIND: ({ kind, format }) => `${kind} ${format}`, STATE: ({ state }) => state, TYPES: ({ types }) => types?.join(' ') ?? 'all',
    BEHIND: ({ positions }) => positions.reduce((sum, { lag }) => sum + lag, 0), 'LAST ERROR': ({ positions }) => positions.find(({ last_error }) => last_error !== null)?.last_error,
  }));
  addCommand(sinks, 'add', {
    does: 'Send the audit somewhere; a webhook\'s secret goes to stdout',
    takes: [['<name>', 'what people call it']],
    options: (it) => it.addOption(oneOf('--kind <kind>', 'how', ['webhook', 's3']).makeOptionMandatory()).addOption(oneOf('--format <format>', 'in which form', ['ocsf', 'cef', 'native']).default('ocsf'))
      .option('--endpoint <url>', 'of a webhook').option('--type <type>', 'only these types, or approval.* for all of a kind; may be repeated', repeated, [])
      .option('--show-sensitive', 'names and places as they are, instead of their digests').option('--from-first', 'everything that was ever sealed'),
    ask: (api, [name = ''], { kind, format, endpoint, type, showSensitive, fromFirst }: SinkOptions) => {
      if ((kind === 'webhook') !== (endpoint !== undefined)) throw new CliError('input_invalid', kind === 'webhook' ? '--endpoint is missing: say where the webhook is.' : '--endpoint is for a webhook; where objects go is the cell\'s to say.');
      return api.call('post', '/api/v1/audit/sinks', {
        body: { name, kind, format, shows_sensitive: showSensitive ?? false, from_first: fromFirst ?? false, ...(endpoint === undefined ? {} : { endpoint }), ...(type.length === 0 ? {} : { types: [...type] }) },
      });
    },
  }, (sink) => (sink.secret === undefined ? say(`${sink.name} (${sink.id}) gets the audit.`) : shownOnce<typeof sink>(({ secret = '' }) => secret, ({ id, name }) => `${name} (${id}) gets the audit. This is the secret of its signatures.`)(sink)));
  for (const act of ['enable', 'disable'] as const) {
    addCommand(sinks, act, {
      does: act === 'enable' ? 'Go on where it stopped' : 'Send nothing for now; what comes meanwhile is sent afterwards',
      takes: [['<sink>', 'the sink id']],
      ask: (api, [sink_id = '']) => api.call('patch', '/api/v1/audit/sinks/{sink_id}', { path: { sink_id }, body: { enabled: act === 'enable' } }),
    }, told(({ name, state }) => `${name} is ${state}.`));
  }
  addCommand(sinks, 'test', {
    does: 'Send it one event that says that it is a test',
    takes: [['<sink>', 'the sink id']],
    ask: (api, [sink_id = '']) => api.call('post', '/api/v1/audit/sinks/{sink_id}/test', { path: { sink_id } }),
  }, ({ delivered, status, detail, took_ms }) => {
    if (!delivered) throw new CliError('request_refused', `It was not delivered${status === null ? '' : `, and answered ${status}`}: ${detail ?? 'no explanation'}`);
    say(`It was delivered in ${took_ms} ms.`);
  });
  addCommand(sinks, 'remove', {
    does: 'Send it nothing any more',
    takes: [['<sink>', 'the sink id']],
    ask: (api, [sink_id = '']) => api.call('delete', '/api/v1/audit/sinks/{sink_id}', { path: { sink_id } }),
  }, told(() => 'It gets nothing any more.'));
}

function addWitnesses(witnesses: Command): void {
  addCommand(witnesses, 'list', {
    does: 'With how far each vouches',
    ask: (api) => api.call('get', '/api/v1/audit/witnesses', {}),
  }, table({
    WITNESS: ({ id }) => id, NAME: ({ name }) => name, URL: ({ url }) => url, REQUIRED: ({ required }) => required, 'UP TO EVENT': ({ positions }) => positions.map(({ size }) => size).join(' '),
    REFUSED: ({ positions }) => positions.some(({ refused }) => refused), 'LAST ERROR': ({ positions }) => positions.find(({ last_error }) => last_error !== null)?.last_error,
  }));
  addCommand(witnesses, 'add', {
    does: 'Ask a witness to cosign checkpoints from now on',
    takes: [['<vkey>', 'its verifier key, as it prints it'], ['<url>', 'where it answers']],
    options: (it) => it.option('--required', 'evidence waits for its cosignature'),
    ask: (api, [vkey = '', url = ''], { required }: { required?: boolean }) => api.call('post', '/api/v1/audit/witnesses', { body: { vkey, url, required: required ?? false } }),
  }, told(({ id, name, required }) => `${name} (${id}) is asked to cosign${required ? ', and evidence waits for it' : ''}.`));
  addCommand(witnesses, 'remove', {
    does: 'Ask it no more; what it cosigned stays',
    takes: [['<witness>', 'the witness id']],
    ask: (api, [witness_id = '']) => api.call('delete', '/api/v1/audit/witnesses/{witness_id}', { path: { witness_id } }),
  }, told(() => 'It is asked no more.'));
}
