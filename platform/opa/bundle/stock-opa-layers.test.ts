/**
 * A bundle as an environment gets it, with a layer of the tenant, of the workspace and of the environment and their data, fetched by stock
 * OPA from a bundle service and verified with our key: its decisions are ours. What was tampered with on the way it does not take.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PolicyInput } from '@countersign/contracts/policy/decision.ts';
import { createPdp } from '../pdp.ts';
import type { Pdp } from '../pdp.ts';
import { compileLayers, layerHere } from '../../../policies/testing/sources.ts';
import { readVectors } from '../../../policies/vectors/read-vectors.ts';
import { partsOf } from '../testing.ts';
import { unpackBundle } from './archive.ts';
import { assembleBundle } from './parts.ts';
import { signBundle } from './sign.ts';
import type { SignedBundle } from './sign.ts';
import { SCOPE, TENANT, testClaims, testKey, withFile } from './testing.ts';
import { startOpaServer } from './testing/opa-server.ts';
import type { OpaServer } from './testing/opa-server.ts';

const LAYERS = {
  tenant: `package countersign.tenant

import data.countersign.tenant.lists

verdicts contains {
	"outcome": "REQUIRE_STEP_UP",
	"rule": "tenant/closed_category",
	"message": "This category is closed",
	"obligations": {"tier": "critical", "required_role": "approver", "required_votes": 2, "deadline_ms": 60000, "min_strength": "mfa", "max_sign_in_age_ms": 600000},
} if {
	input.parameters.category in lists.closed
}
`,
  lists: `package countersign.tenant.lists

closed := {category | some category in data.countersign.config.tenant.closed}
`,
  workspace: `package countersign.workspace

verdicts contains {
	"outcome": "THROTTLE",
	"rule": "workspace/busy",
	"message": "One after the other",
	"obligations": {"rate": {"count": 3, "per_ms": 10000}},
} if {
	input.step.attempt > data.countersign.config.workspace.most_attempts
}
`,
  environment: `package countersign.environment

verdicts contains {
	"outcome": "DENY",
	"rule": "environment/night",
	"message": "Nobody is here at night",
	"obligations": {},
} if {
	input.action.risk != "read"
	input.local_time.hour >= data.countersign.config.environment.night_from
}

verdicts contains {
	"outcome": "DENY",
	"rule": "environment/later",
	"message": "Not decided yet",
	"obligations": {},
	"mode": "shadow",
} if {
	input.local_time.weekday == "monday"
}
`,
};
const SOURCES = { 'tenant/tenant.rego': LAYERS.tenant, 'tenant/lists.rego': LAYERS.lists, 'workspace/workspace.rego': LAYERS.workspace, 'environment/environment.rego': LAYERS.environment };
const DATA = { countersign: { config: { tenant: { closed: ['network', 'büro'] }, workspace: { most_attempts: 2 }, environment: { night_from: 20 } } } };

const NOW = new Date();
const key = testKey('key_1');
const vectors = await readVectors();
let bundle: SignedBundle;
let scratch: string;
let service: Server;
/** What the bundle service gives away, and how often it was asked. */
let served: { bytes: Uint8Array; etag: string };
let ours: Pdp;

beforeAll(async () => {
  const shipped = await Promise.all((['base', 'packs/itsm'] as const).map(layerHere));
  const own = (['tenant', 'workspace', 'environment'] as const).map((name) => ({ name, files: new Map(Object.entries(SOURCES).filter(([path]) => path.startsWith(`${name}/`))), data: DATA.countersign.config[name] }));
  const wasm = await compileLayers([...shipped, ...own]);
  const sources = new Map([...shipped, ...own].flatMap(({ files }) => [...files].map(([path, source]) => [path, Buffer.from(source, 'utf8')] as const)));
  const parts = { ...partsOf('', wasm, { roots: ['countersign'] }), sources };
  bundle = await signBundle({ files: assembleBundle(parts, 'release-7', DATA, { layers: { tenant: { version: 3 }, workspace: { version: 1 }, environment: { version: 2 } } }), claims: testClaims(NOW), key: key.signing });

  scratch = await mkdtemp(join(tmpdir(), 'stock-opa-layers-'));
  service = createServer((request, response) => {
    if (request.headers['if-none-match'] === served.etag) return void response.writeHead(304).end();
    response.writeHead(200, { 'content-type': 'application/gzip', etag: served.etag }).end(served.bytes);
  }).listen(0, '127.0.0.1');
  await once(service, 'listening');
  ours = createPdp({
    tenant: TENANT, scope: SCOPE, keys: key.verification, clock: { now: () => NOW }, refresh_ms: 300_000, ttl_ms: 900_000, deadline_ms: 5_000,
    highestSeq: { get: async () => 0, put: async () => {} },
    source: { latest: async () => ({ bytes: bundle.bytes, etag: bundle.digest }) },
  });
  await ours.start();
}, 120_000);
afterAll(async () => {
  await ours.stop();
  service.close();
  await once(service, 'close');
  await rm(scratch, { recursive: true });
});

/** OPA with a bundle service in its configuration, as its documentation has it. */
async function opaWithService(name: string): Promise<OpaServer> {
  const { port } = service.address() as AddressInfo;
  const configuration = {
    services: { cell: { url: `http://127.0.0.1:${port}` } },
    keys: { key_1: { algorithm: 'ES256', key: key.public_pem, scope: SCOPE } },
    bundles: { countersign: { service: 'cell', resource: '/bundles/env_1', polling: { min_delay_seconds: 1, max_delay_seconds: 1 }, signing: { keyid: 'key_1', scope: SCOPE } } },
  };
  const file = join(scratch, `${name}.json`);
  await writeFile(file, JSON.stringify(configuration));
  return startOpaServer(['--config-file', file]);
}

/** Every vector, and variations of them that each layer has something to say about. */
function calls(): PolicyInput[] {
  const changes: ReadonlyArray<(input: PolicyInput) => PolicyInput> = [
    (input) => input,
    (input) => ({ ...input, parameters: { ...input.parameters, category: 'network' } }),
    (input) => ({ ...input, parameters: { ...input.parameters, category: 'büro' } }),
    (input) => ({ ...input, step: { ...input.step, attempt: 3 } }),
    (input) => ({ ...input, local_time: { ...input.local_time, hour: 23, weekday: 'sunday' } }),
  ];
  return vectors.flatMap(({ input }) => changes.map((change) => change(input))).filter(({ action }) => ['read', 'write', 'destructive', 'model'].includes(action.risk));
}

test('opa fetches and verifies it, and decides as we do, layer by layer', async () => {
  served = { bytes: bundle.bytes, etag: '"7"' };
  const opa = await opaWithService('good');
  try {
    await opa.said('Bundle loaded and activated successfully');
    const outcomes = new Map<string, number>();
    for (const input of calls()) {
      const { outcome, reasons, obligations, shadows } = await ours.decide(input);
      const [shadow] = shadows;
      const decision = { outcome, reasons, obligations, ...(shadow === undefined ? {} : { shadow: { outcome: shadow.outcome, reasons: shadow.reasons, obligations: shadow.obligations } }) };
      expect(await opa.ask(input)).toEqual(decision);
      for (const { rule } of reasons) outcomes.set(rule, (outcomes.get(rule) ?? 0) + 1);
      if (shadow !== undefined) outcomes.set('shadow', (outcomes.get('shadow') ?? 0) + 1);
    }
    process.stdout.write(`opa run and we agree on ${calls().length} calls; of them ${[...outcomes].map(([rule, count]) => `${rule} ${count}`).join(', ')}\n`);
    expect([...outcomes.keys()]).toEqual(expect.arrayContaining(['tenant/closed_category', 'workspace/busy', 'environment/night', 'shadow']));
  } finally {
    await opa.stop();
  }
}, 120_000);

test.each<[string, string, () => Promise<Uint8Array> | Uint8Array]>([
  ['other data of a layer', 'digest mismatch', () => withFile(unpackBundle(bundle.bytes), 'data.json', Buffer.from('{"countersign":{"config":{}}}'))],
  ['another rule in a layer', 'digest mismatch', () => withFile(unpackBundle(bundle.bytes), 'environment/environment.rego', Buffer.from('package countersign.environment\n'))],
  ['a layer taken away', 'not found', () => withFile(unpackBundle(bundle.bytes), 'environment/environment.rego', null)],
  ['the scope of the shadow', 'scope mismatch', async () => (await signBundle({ files: withoutSignature(), claims: testClaims(NOW, { scope: `${SCOPE}.shadow` }), key: key.signing })).bytes],
  ['another key', 'failed to verify JWT signature', async () => (await signBundle({ files: withoutSignature(), claims: testClaims(NOW), key: testKey('key_1').signing })).bytes],
])('opa does not take it with %s', async (name, words, make) => {
  served = { bytes: await make(), etag: `"${name}"` };
  const opa = await opaWithService(name.replaceAll(' ', '-'));
  try {
    await opa.said(words);
    expect(await opa.ask(vectors[0]?.input)).toBe(undefined);
  } finally {
    await opa.stop();
  }
}, 60_000);

function withoutSignature(): Map<string, Uint8Array> {
  const files = new Map(unpackBundle(bundle.bytes));
  files.delete('.signatures.json');
  return files;
}
