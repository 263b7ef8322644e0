import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { PolicyInput } from '@countersign/contracts/policy/decision.ts';
import { readTar } from '@countersign/platform/opa/bundle/tar.ts';
import type { JsonValue } from '@countersign/platform/canonical-json/parse-strict.ts';
import { findOpa, runOpa } from '../../policies/opa-command.ts';
import { readVectors } from '../../policies/vectors/read-vectors.ts';

/** A layer as tenants write them: two lists in data, looked up by key. */
export const TENANT_LAYER = `package countersign.tenant

verdicts contains {
	"outcome": "DENY",
	"rule": "tenant/frozen_instance",
	"message": "Changes to this instance are frozen",
	"obligations": {},
} if {
	input.action.risk != "read"
	data.countersign.config.tenant.holders[input.instance.id].frozen
}

verdicts contains {
	"outcome": "REQUIRE_HITL",
	"rule": "tenant/holder_approves",
	"message": "Who holds the instance approves",
	"obligations": {"tier": "holder", "required_role": "approver", "required_votes": 1, "deadline_ms": 3600000},
} if {
	input.action.risk == "write"
	data.countersign.config.tenant.holders[input.instance.id].team
}
`;

const POLICIES = join(import.meta.dirname, '..', '..', 'policies');
const FOLDERS = ['base', 'packs/itsm', 'packs/engineering'];

/** Base, packs and a tenant's layer, compiled by OPA. */
export async function compiledPolicy(tenantLayer = TENANT_LAYER, folders: readonly string[] = FOLDERS): Promise<Uint8Array> {
  const scratch = await mkdtemp(join(tmpdir(), 'countersign-bench-'));
  try {
    const layer = join(scratch, 'tenant.rego');
    await writeFile(layer, tenantLayer);
    const bundle = join(scratch, 'bundle.tar.gz');
    const sources = (await Promise.all(folders.map(regoFilesIn))).flat();
    await runOpa(await findOpa(), ['build', '--target', 'wasm', '--entrypoint', 'countersign/decision', '--output', bundle, ...sources, layer]);
    return new Map(readTar(gunzipSync(await readFile(bundle)))).get('/policy.wasm') ?? new Uint8Array();
  } finally {
    await rm(scratch, { recursive: true });
  }
}

async function regoFilesIn(folder: string): Promise<string[]> {
  const names = await readdir(join(POLICIES, folder));
  return names.filter((name) => name.endsWith('.rego') && !name.endsWith('_test.rego')).map((name) => join(folder, name));
}

/** Holders of instances, so many that the JSON has about `bytes`. Every second instance that is asked for is among them. */
export function tenantData(bytes: number): JsonValue {
  const holders: Record<string, JsonValue> = {};
  for (let n = 0, size = 0; size < bytes; n += 1) {
    const holder = { team: `team-${n % 97}`, frozen: n % 5 === 0, since: '2026-01-05', contact: `prn_${String(n).padStart(20, '0')}` };
    const id = n % 2 === 0 ? `ins_${n}` : `ins_other_${n}`;
    holders[id] = holder;
    size += JSON.stringify(holder).length + id.length + 4;
  }
  return { countersign: { config: { tenant: { holders } } } };
}

/** Different calls of about `bytes` each: instances, risks and parameters vary. */
export async function inputs(bytes: number): Promise<PolicyInput[]> {
  const vectors = await readVectors();
  const base = vectors.find(({ name }) => name === 'itsm: a write needs a person')?.input;
  if (base === undefined) throw new TypeError('the vector of the bench is gone');
  return Array.from({ length: 64 }, (_, n): PolicyInput => {
    const input: PolicyInput = {
      ...base,
      step: { ...base.step, attempt: 1 + (n % 4) },
      instance: { ...base.instance, id: `ins_${n}` },
      action: { ...base.action, risk: n % 3 === 0 ? 'read' : 'write' },
    };
    const missing = bytes - JSON.stringify(input).length;
    if (missing <= 0) return input;
    return { ...input, parameters: { ...input.parameters, ...filling(missing, n) } };
  });
}

/** Fields of a ticket rather than one long text. */
function filling(bytes: number, seed: number): Record<string, string> {
  const fields: Record<string, string> = {};
  for (let n = 0, size = 0; size < bytes; n += 1) {
    const value = `value ${seed * 31 + n} of a field that a form has, as people fill it in`.slice(0, Math.max(1, bytes - size - 16));
    fields[`u_field_${n}`] = value;
    size += value.length + 16;
  }
  return fields;
}
