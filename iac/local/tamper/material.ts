import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { EvidenceKeys } from '@countersign/contracts/evidence/bundle.ts';
import { parseStartArguments } from '../cell/arguments.ts';
import { CellApi } from '../cell/cell-api.ts';
import { startCell } from '../cell/cell.ts';
import type { RunningCell } from '../cell/cell.ts';
import { SandboxClient } from '../demo/sandbox-client.ts';
import { follow } from '../demo/ticket-journey.ts';
import type { JourneyTools } from '../demo/ticket-journey.ts';
import { TamperError } from './errors.ts';
import { PackageClient, requestFrom } from './package-client.ts';

/** What a cell gave out, as an auditor has it: signed by its keys, and by nothing of this program. */
export interface Material {
  readonly keys: EvidenceKeys;
  /** The evidence of one run each; the last is of one that a person stopped. */
  readonly bundles: readonly Uint8Array[];
  /** Evidence of other kinds: the period in which they ran with theirs inside, an approval, an erasure, a policy release where the cell has an `opa`. */
  readonly packages: readonly Uint8Array[];
  readonly audit: AuditExport;
}

export interface AuditExport {
  readonly chain: string;
  readonly lines: readonly string[];
  /** In the order in which they were signed. */
  readonly notes: readonly string[];
}

const TIMEOUT_MS = 240_000;

/** Starts a cell of its own, lets tickets go through it from the webhook to the write-back, and takes what it exports. */
export async function gatherMaterial(tickets: number, say: (line: string) => void): Promise<Material> {
  const folder = await mkdtemp(path.join(tmpdir(), 'countersign-tamper-'));
  const options = parseStartArguments(['--data-dir', path.join(folder, 'cell'), '--port', '0', '--sandbox-port', '0', '--no-opa']);
  if (options === 'help') throw new TamperError('tamper_arguments_invalid', 'The cell takes other arguments than it did.');
  const cell = await startCell(options, (line) => say(`  ${line}`));
  try {
    return await materialOf(cell, tickets, folder, say);
  } finally {
    await cell.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function materialOf(cell: RunningCell, count: number, folder: string, tell: (line: string) => void): Promise<Material> {
  const from = new Date();
  const api = new CellApi(cell.url, cell.apiKey);
  const keysFile = path.join(folder, 'keys.json');
  await writeFile(keysFile, JSON.stringify(await api.keys()));
  const sandbox = new SandboxClient(cell.sandboxUrl, cell.sandboxAdminPassword);
  const deadline = Date.now() + TIMEOUT_MS;
  const tickets = await sandbox.raise(count);
  const journeys = await Promise.all(tickets.map((ticket) => follow(ticket, { api, sandbox, keysFile, deadline, evidenceDir: folder, onStation: (at, station) => tell(`  ${at.number}  ${station}`) })));
  const bundles: Uint8Array[] = [];
  const say = (line: string): void => tell(`  ${line}`);
  for (const { runId, failure } of journeys) {
    const bundle = runId === null ? undefined : await api.evidence(runId);
    if (failure !== null || bundle === undefined) throw new TamperError('tamper_material_missing', `A ticket did not go through: ${failure ?? 'its run has no evidence'}.`);
    bundles.push(bundle);
  }
  const stopped = await stoppedRun(cell, api, sandbox, { keysFile, deadline, evidenceDir: folder });
  const client = new PackageClient({ url: cell.url, apiKey: cell.apiKey, deadline, say });
  return { keys: await api.keys() as unknown as EvidenceKeys, bundles: [...bundles, stopped], packages: await client.packages(from), audit: await exportAudit(cell) };
}

/** A ticket that went another way: a person rejects what is proposed, and nothing is written. */
async function stoppedRun(cell: RunningCell, api: CellApi, sandbox: SandboxClient, tools: Pick<JourneyTools, 'keysFile' | 'deadline' | 'evidenceDir'>): Promise<Uint8Array> {
  const [ticket] = await sandbox.raise(1);
  const { runId } = await follow(ticket!, {
    ...tools, api, sandbox, onStation: () => undefined,
    approveInSlack: async ({ id, action_digest }) => {
      await requestFrom(cell, `/api/v1/approvals/${id}/votes`, { method: 'POST', body: JSON.stringify({ decision: 'reject', action_digest, reason: 'to see what is left of it' }), headers: { 'content-type': 'application/json' } });
    },
  });
  const bundle = runId === null ? undefined : await evidenceOf(api, runId, tools.deadline);
  if (bundle === undefined) throw new TamperError('tamper_material_missing', 'The run that was rejected has no evidence.');
  return bundle;
}

async function evidenceOf(api: CellApi, runId: string, deadline: number): Promise<Uint8Array | undefined> {
  let bundle: Uint8Array | undefined;
  do {
    bundle = await api.evidence(runId);
    if (bundle === undefined) await new Promise((resolve) => setTimeout(resolve, 250));
  } while (bundle === undefined && Date.now() < deadline);
  return bundle;
}

/** The chain up to its newest checkpoint: what is behind it nobody has signed for. */
async function exportAudit(cell: RunningCell): Promise<AuditExport> {
  const notes: Array<{ readonly size: number; readonly note: string }> = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const page = await (await requestFrom(cell, `/api/v1/audit/checkpoints?limit=100${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`)).json() as { items: Array<{ size: number; note: string }>; next_cursor: string | null };
    notes.unshift(...page.items.reverse());
    cursor = page.next_cursor;
  }
  const size = notes.at(-1)?.size ?? 0;
  const lines = (await (await requestFrom(cell, `/api/v1/audit/export?to_seq=${size}`)).text()).trimEnd().split('\n');
  const first = JSON.parse(lines[0] ?? '{}') as { body?: { tenant_id: string; workspace_id: string } };
  if (first.body === undefined || lines.length !== size) throw new TamperError('tamper_material_missing', `The export has ${lines.length} events, the newest checkpoint is about ${size}.`);
  return { chain: `${first.body.tenant_id}/${first.body.workspace_id}`, lines, notes: notes.map(({ note }) => note) };
}
