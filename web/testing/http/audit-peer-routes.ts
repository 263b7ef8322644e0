import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { sinkOf, witnessOf } from '../data/audit-peers.ts';
import { ok, problem } from './answers.ts';
import type { Handler } from './question.ts';

type Schemas = components['schemas'];

/** What the stand-in gives out as the secret of a webhook. It signs nothing. */
export const SINK_SECRET = 'whsec_stand-in-that-signs-nothing';

/** What the stand-in answers about sinks and witnesses. It sends them nothing. */
export const AUDIT_PEER_ROUTES: Record<string, Handler> = {
  'GET /api/v1/audit/sinks': ({ world: { auditPeers } }) => ok({ items: auditPeers.sinks }),
  'POST /api/v1/audit/sinks': ({ world: { auditPeers }, body }) => {
    const { name, kind, format, endpoint = 't/acme/siem/', types = null, shows_sensitive = false } = body as Schemas['NewSink'];
    const made = sinkOf(name, { name, kind, format, endpoint, types, shows_sensitive, created_at: new Date().toISOString() });
    auditPeers.sinks.push(made);
    return { status: 201, body: kind === 'webhook' ? { ...made, secret: SINK_SECRET } : made };
  },
  'PATCH /api/v1/audit/sinks/{sink_id}': ({ world: { auditPeers }, params, body }) => {
    const { enabled, ...change } = body as Schemas['SinkChange'];
    const found = auditPeers.sinks.find(({ id }) => id === params['sink_id']);
    if (found === undefined) return problem('not_found', 'There is no such sink.');
    return ok(Object.assign(found, change, { version: found.version + 1 }, enabled === undefined ? {} : { state: enabled ? 'active' : 'disabled' }));
  },
  'DELETE /api/v1/audit/sinks/{sink_id}': ({ world: { auditPeers }, params }) => {
    auditPeers.sinks = auditPeers.sinks.filter(({ id }) => id !== params['sink_id']);
    return { status: 204 };
  },
  'POST /api/v1/audit/sinks/{sink_id}/test': ({ world: { auditPeers }, params }) => {
    const found = auditPeers.sinks.find(({ id }) => id === params['sink_id']);
    if (found === undefined) return problem('not_found', 'There is no such sink.');
    const status = found.state === 'failing' ? 503 : 200;
    return ok({ delivered: status === 200, status: found.kind === 's3' ? null : status, detail: status === 200 ? 'The stand-in sends nothing.' : 'The sink answered 503.', took_ms: 12 });
  },
  'GET /api/v1/audit/witnesses': ({ world: { auditPeers } }) => ok({ items: auditPeers.witnesses }),
  'POST /api/v1/audit/witnesses': ({ world: { auditPeers }, body }) => {
    const { vkey, url, required = false } = body as Schemas['NewWitness'];
    if (auditPeers.witnesses.some((one) => one.vkey === vkey)) return problem('witness_invalid', 'There is a witness with this key.');
    const made = witnessOf(url, { name: vkey.slice(0, vkey.indexOf('+')), vkey, url, required, created_at: new Date().toISOString() });
    auditPeers.witnesses.push(made);
    return { status: 201, body: made };
  },
  'DELETE /api/v1/audit/witnesses/{witness_id}': ({ world: { auditPeers }, params }) => {
    auditPeers.witnesses = auditPeers.witnesses.filter(({ id }) => id !== params['witness_id']);
    return { status: 204 };
  },
};
