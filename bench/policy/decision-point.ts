import { generateKeyPairSync, sign } from 'node:crypto';
import type { JsonValue } from '@countersign/platform/canonical-json/parse-strict.ts';
import { digestOfBytes } from '@countersign/platform/canonical-json/canonicalize.ts';
import { verificationKeys } from '@countersign/platform/opa/bundle/keys.ts';
import { assembleBundle } from '@countersign/platform/opa/bundle/parts.ts';
import { signBundle } from '@countersign/platform/opa/bundle/sign.ts';
import { createPdp } from '@countersign/platform/opa/pdp.ts';
import type { Pdp } from '@countersign/platform/opa/pdp.ts';
import { createEvaluatorPool } from '@countersign/platform/opa/pool/evaluator-pool.ts';
import type { EvaluatorPool } from '@countersign/platform/opa/pool/evaluator-pool.ts';

const TENANT = 'ten_1';
const SCOPE = 'env_1';

export interface DecisionPointUnderTest {
  readonly pdp: Pdp;
  readonly evaluators: EvaluatorPool;
  stop(): Promise<void>;
}

/** A decision point as a worker has it, with a signed bundle of this policy and data. */
export async function startDecisionPoint(wasm: Uint8Array, data: JsonValue, tenant = TENANT): Promise<DecisionPointUnderTest> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const now_s = Math.floor(Date.now() / 1000);
  const description = { name: 'bench', opa_version: 'bench', entrypoint: 'countersign/decision', roots: ['countersign'], sources: {}, wasm: digestOfBytes(wasm), probes: [] };
  const bundle = await signBundle({
    files: assembleBundle({ description, sources: new Map(), wasm }, 'bench', data),
    claims: { tenant, scope: SCOPE, seq: 1, jti: 'bdl_1', iat: now_s, nbf: now_s - 60, exp: now_s + 3600 },
    key: { kid: 'key_1', algorithm: 'ES256', sign: async (bytes) => sign('sha256', bytes, { key: privateKey, dsaEncoding: 'ieee-p1363' }) },
  });
  const evaluators = createEvaluatorPool();
  const pdp = createPdp({
    tenant,
    scope: SCOPE,
    evaluators,
    keys: verificationKeys([{ kid: 'key_1', algorithm: 'ES256', public_jwk: publicKey.export({ format: 'jwk' }) as Record<string, string> }]),
    clock: { now: () => new Date() },
    refresh_ms: 300_000,
    ttl_ms: 900_000,
    deadline_ms: 1_000,
    highestSeq: { get: async () => 0, put: async () => {} },
    source: { latest: async (known) => (known === bundle.digest ? 'not_modified' : { bytes: bundle.bytes, etag: bundle.digest }) },
  });
  await pdp.start();
  return {
    pdp,
    evaluators,
    async stop() {
      await pdp.stop();
      await evaluators.close();
    },
  };
}
