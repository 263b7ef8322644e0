import path from 'node:path';
import { revisionOf } from '@countersign/control-plane/policies/bundle-contents.ts';
import { Notifier } from '@countersign/control-plane/live/notifier.ts';
import { Policies } from '@countersign/control-plane/policies/policies.ts';
import { systemClock } from '@countersign/platform/clock/clock.ts';
import { createLogger } from '@countersign/platform/log/logger.ts';
import type { BundleFiles } from '@countersign/platform/opa/bundle/archive.ts';
import { assembleBundle, readBundleParts } from '@countersign/platform/opa/bundle/parts.ts';
import { compilePolicy } from '@countersign/platform/opa/compile/compile-policy.ts';
import { ROOT } from './world.ts';
import type { World } from './world.ts';

const FOLDER = path.join(ROOT, 'policies');
const SET = 'base-itsm';
const TTL_S = 900;

/** A layer of a tenant's own, with differences of each kind: two people instead of one, a person instead of nobody, nobody at all. */
const STRICTER = `package countersign.tenant

import data.countersign.approvals

verdicts contains verdict if {
\tinput.action.risk == "write"
\tinput.parameters.category == "network"
\tnot approvals.countersigned("standard", "approver", 2)
\tverdict := {
\t\t"outcome": "REQUIRE_HITL",
\t\t"rule": "tenant/two_people_for_network",
\t\t"message": "Two people must approve what changes the network",
\t\t"obligations": {"tier": "standard", "required_role": "approver", "required_votes": 2, "deadline_ms": 86400000},
\t}
}

verdicts contains verdict if {
\tinput.action.risk == "read"
\tinput.run.workflow == "weekly-report"
\tinput.local_time.minute < 5
\tnot approvals.countersigned("standard", "approver", 1)
\tverdict := {
\t\t"outcome": "REQUIRE_HITL",
\t\t"rule": "tenant/no_reports_on_the_hour",
\t\t"message": "A person must approve what a report reads on the hour",
\t\t"obligations": {"tier": "standard", "required_role": "approver", "required_votes": 1, "deadline_ms": 86400000},
\t}
}

verdicts contains verdict if {
\tinput.action.connector == "chat"
\tinput.parameters.category == "access"
\tverdict := {
\t\t"outcome": "DENY",
\t\t"rule": "tenant/no_posts_about_access",
\t\t"message": "Nothing about access is posted",
\t\t"obligations": {},
\t}
}
`;

export interface CompiledPolicy {
  readonly stackDigest: string;
  readonly bundleKey: string;
}

/** What an environment has in force that has no release of its own. */
export async function shippedPolicy(): Promise<BundleFiles> {
  const shipped = await readBundleParts(FOLDER, SET);
  return assembleBundle(shipped, revisionOf(shipped));
}

/** The shipped base and packs with that layer on top, compiled as the control plane compiles a draft. Needs OPA: `npm run setup:opa`. */
export async function stricterPolicy({ control, keys, objects }: World): Promise<CompiledPolicy> {
  const policies = await Policies.open({
    database: control, keys, objects, clock: systemClock, notifier: new Notifier(control, createLogger('bench', 'warn')), compile: compilePolicy, opa: null, cacheFolder: path.join(ROOT, '.cache'),
    policiesFolder: FOLDER, policySet: SET, inputSchema: path.join(ROOT, 'contracts/policy/input.schema.json'), ttl_s: TTL_S, renewal_s: 0,
  });
  const packs = policies.contents.shippedPacks;
  const { stackDigest, partsKey } = await policies.stacks.compiled({ packs, layers: { tenant: { files: { 'tenant.rego': STRICTER }, data: {}, packs }, workspace: null, environment: null } });
  return { stackDigest, bundleKey: partsKey };
}
