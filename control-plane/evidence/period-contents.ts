import { hash } from 'node:crypto';
import { MEMBERS_FILE } from '@countersign/contracts/evidence/statement.ts';
import type { Member, Members } from '@countersign/contracts/evidence/statement.ts';
import { EvidencePackageError } from './errors.ts';
import type { ContentParts, PackageContents } from './package-contents.ts';
import { jsonFile } from './plain-json.ts';
import type { PackageRow } from './queries.ts';
import { runsOfPeriod } from './repository-contents.ts';
import type { PeriodRunRow } from './repository-contents.ts';

const PAGE = 500;
/** What the runs in a package may come to: the rest is named and lies beside it. Well below what one archive holds. */
const MAX_INSIDE_BYTES = 128 * 1024 * 1024;
/** So many fit on a page that somebody reads. */
const MAX_LISTED = 2_000;

/** All runs that ended in a period: a manifest of their evidence by digest, and their evidence itself where it was asked for and as far as it fits. */
export async function periodContents(parts: ContentParts, tenantId: string, row: PackageRow): Promise<PackageContents> {
  const members: Member[] = [];
  const without: Array<{ readonly run_id: string; readonly state: string }> = [];
  const files = new Map<string, Uint8Array>();
  let inside_bytes = 0;
  for await (const run of runsOf(parts, tenantId, row)) {
    if (run.evidence_id === null || run.object_key === null || run.sha256 === null || run.size_bytes === null) {
      without.push({ run_id: run.run_id, state: run.state });
      continue;
    }
    const fits = row.include_runs && inside_bytes + run.size_bytes <= MAX_INSIDE_BYTES;
    const path = fits ? `runs/${run.run_id}.evidence.zip` : null;
    if (path !== null) files.set(path, await bundleOf(parts, run.object_key, run.sha256));
    inside_bytes += path === null ? 0 : run.size_bytes;
    members.push(memberOf(run, run.evidence_id, run.sha256, run.size_bytes, path));
  }
  const list: Members = { members, without_evidence: without };
  return {
    files: files.set(MEMBERS_FILE, jsonFile(list)), eventIds: [], runs: members.length,
    claims: { from: row.from_at?.toISOString() ?? null, to: row.to_at?.toISOString() ?? null, runs: members.length, without_evidence: without.length, members_inside: files.size - 1 },
    sections: [{
      heading: 'Runs of the period',
      text: [`${members.length} runs ended in it that have evidence${without.length === 0 ? '' : `, and ${without.length} that had none yet when this was built`}.`, ...(members.length > MAX_LISTED ? [`The first ${MAX_LISTED} are listed; ${MEMBERS_FILE} names all.`] : [])],
      table: {
        headings: ['Run', 'Workflow', 'State', 'Finished', 'Cost USD', 'SHA-256 of its evidence'], empty: 'No run ended in the period.',
        rows: members.slice(0, MAX_LISTED).map(({ run_id, workflow_name, state, finished_at, cost_usd, sha256 }) => [{ code: run_id }, workflow_name, state, finished_at, cost_usd, { code: sha256 }]),
      },
    }],
  };
}

/** Page by page, so that no transaction is long and no list of rows large. */
async function* runsOf({ database }: ContentParts, tenantId: string, { workspace_id, from_at, to_at }: PackageRow): AsyncGenerator<PeriodRunRow> {
  let last: PeriodRunRow | undefined;
  do {
    const page: PeriodRunRow[] = await database.forTenant(tenantId, (tx) => tx.rows<PeriodRunRow>(runsOfPeriod, [tenantId, workspace_id, from_at, to_at, last?.cursor_at ?? null, last?.run_id ?? null, PAGE]));
    yield* page;
    last = page.length === PAGE ? page.at(-1) : undefined;
  } while (last !== undefined);
}

async function bundleOf({ objects }: ContentParts, objectKey: string, sha256: string): Promise<Uint8Array> {
  const bytes = await objects.get(objectKey);
  if (hash('sha256', bytes, 'hex') !== sha256) throw new EvidencePackageError('subject_gone', `The stored evidence ${objectKey} is not what was built.`);
  return bytes;
}

function memberOf(run: PeriodRunRow, evidence_id: string, sha256: string, size_bytes: number, path: string | null): Member {
  return { run_id: run.run_id, evidence_id, sha256, size_bytes, path, workflow_name: run.workflow_name, state: run.state, finished_at: run.finished_at.toISOString(), cost_usd: run.cost_usd };
}
