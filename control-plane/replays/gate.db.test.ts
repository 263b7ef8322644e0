import { afterAll, beforeAll, expect, test } from 'vitest';
import { ControlPlaneUnderTest } from '../testing/control-plane-under-test.ts';
import { PolicyClient } from '../testing/policy-client.ts';
import { seedDecision } from '../testing/seeded-decision.ts';

/** A gate and a replay that was really carried out, from the draft to the release. Needs OPA. */
let plane: ControlPlaneUnderTest;
let client: PolicyClient;
beforeAll(async () => {
  plane = await ControlPlaneUnderTest.start({ COUNTERSIGN_POLICY_RENEWAL_SECONDS: '0' });
  client = new PolicyClient(plane);
});
afterAll(() => plane.stop());

const LIMITS = { enabled: true, max_replay_age_s: 3_600, min_decisions: 4, max_changed_share: 0.5, max_newly_denied_runs: 1, max_extra_approval_minutes: null };
const FROM = '2026-08-01T00:00:00Z';
const TO = '2026-08-02T00:00:00Z';

const denying = (category: string): string => `package countersign.environment

verdicts contains verdict if {
	input.parameters.category == "${category}"
	verdict := {
		"outcome": "DENY",
		"rule": "environment/no_${category}",
		"message": "Not here",
		"obligations": {},
	}
}
`;

async function versionAndReplay(layer: string, category: string): Promise<{ version: number; replayId: string }> {
  const draft = await client.call('POST', `/policies/${layer}/drafts`, { files: { 'rules.rego': denying(category) } });
  const replay = await client.call('POST', '/policy-replays', { against: { draft_id: draft['id'] }, environment_id: layer, from: FROM, to: TO });
  await expect.poll(async () => (await client.get(`/policy-replays/${String(replay['id'])}`))['state'], { timeout: 30_000 }).toBe('succeeded');
  const published = await client.call('POST', `/policies/${layer}/versions`, { draft_id: draft['id'], message: 'For a test' });
  return { version: Number(published['version']), replayId: String(replay['id']) };
}

test('what was replayed as a draft passes or exceeds the gate as the version that it became', async () => {
  const { environmentId: layer } = plane.tenant;
  for (const category of ['network', 'network', 'access', 'hardware']) await seedDecision(plane, { decidedAt: new Date('2026-08-01T12:00:00Z'), input: { parameters: { category } } });
  expect((await client.call('PUT', `/policy-gates/${layer}`, LIMITS)).status).toBe(200);

  const [within, beyond] = [await versionAndReplay(layer, 'access'), await versionAndReplay(layer, 'network')];
  const release = (version: number, more: Record<string, unknown>) => client.release(layer, { kind: 'release', layer, version, ...more });
  expect(await release(within.version, {})).toMatchObject({ status: 409, code: 'policy_replay_required' });
  expect(await release(within.version, { replay_id: beyond.replayId })).toMatchObject({ status: 409, code: 'policy_replay_required' });
  const refused = await release(beyond.version, { replay_id: beyond.replayId });
  expect([refused.status, refused['code'], refused['errors']]).toMatchObject([409, 'policy_gate_exceeded', [{ field: '/max_newly_denied_runs' }]]);
  expect(await release(within.version, { replay_id: within.replayId })).toMatchObject({ status: 201, state: 'released', gate: { passed: true, figures: { decisions: 4, changed: 1, newly_denied_runs: 1 } } });
}, 120_000);
