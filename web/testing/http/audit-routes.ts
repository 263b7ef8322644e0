import type { components } from '@countersign/contracts/openapi/api.generated.ts';
import { auditOf, checkpoints, inclusionIn, verificationOf } from '../data/audit.ts';
import { idOf } from '../data/ids.ts';
import { ok, page, problem } from './answers.ts';
import type { Handler } from './question.ts';

type Schemas = components['schemas'];

/** What the stand-in answers about what is proven. It proves nothing. */
export const AUDIT_ROUTES: Record<string, Handler> = {
  'GET /api/v1/audit/events': ({ world, query }) => page(auditOf(world.runs).filter(({ event }) => fits(query.get('run_id'), event['run_id']) && fits(query.get('type'), event['type']) && fits(query.get('actor'), idIn(event['actor'])) && fits(query.get('subject'), idIn(event['subject']))), query),
  'GET /api/v1/audit/checkpoints': ({ world, query }) => page(checkpoints(world.runs), query),
  'GET /api/v1/audit/proofs/inclusion': ({ world, query }) => ok(inclusionIn(world.runs, Number(query.get('seq')), Number(query.get('size')))),
  'POST /api/v1/audit/verifications': ({ body }) => ok(verificationOf((body as Schemas['NewAuditVerification']).expected_checkpoint)),
  'GET /api/v1/evidence-packages': ({ world, query }) => page(world.packages, query),
  'POST /api/v1/evidence-packages': ({ world, body }) => {
    const { kind, subject_id = idOf('workspace', 'it'), from = null, to = null, include_runs } = body as Schemas['NewEvidencePackage'];
    const made: Schemas['EvidencePackage'] = { id: idOf('evidence_package', `${kind} ${subject_id} ${from}`), kind, subject_id, from, to, include_runs, state: 'requested', sha256: null, size_bytes: null, kid: null, runs: null, requested_by: idOf('principal', 'owner'), requested_at: new Date().toISOString(), built_at: null, error: null };
    world.packages.unshift(made);
    return { status: 202, body: made };
  },
  'GET /api/v1/evidence-packages/{package_id}': ({ world, params }) => {
    const found = world.packages.find(({ id }) => id === params['package_id']);
    return found === undefined ? problem('not_found', 'There is no such package.') : ok(found);
  },
};

function fits(wanted: string | null, value: unknown): boolean {
  return wanted === null || wanted === value;
}

function idIn(party: unknown): unknown {
  return (party as { id?: unknown }).id;
}
