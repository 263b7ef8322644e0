export type LayerKind = 'tenant' | 'workspace' | 'environment';

/**
 * A rule with its test, to begin a layer that has no source yet. Such layers only tighten (the tenant's may also grant), so the rule asks for
 * something sooner than it allows something.
 */
export function starterFiles(layer: LayerKind): Record<string, string> {
  return { [`${layer}.rego`]: rule(layer), [`${layer}_test.rego`]: test(layer) };
}

function rule(layer: LayerKind): string {
  return `# What ${OWNER[layer]} asks for beyond what is inherited: the most restrictive verdict of all layers wins.
package countersign.${layer}

verdicts contains verdict if {
	input.action.risk == "write"
	out_of_hours
	verdict := {
		"outcome": "DENY",
		"rule": "${layer}/no_writes_out_of_hours",
		"message": "Nothing is written to a system of record at night",
		"obligations": {},
	}
}

out_of_hours if input.local_time.hour < 6

out_of_hours if input.local_time.hour >= 22
`;
}

function test(layer: LayerKind): string {
  return `package countersign.${layer}_test

import data.countersign.${layer}

test_denies_a_write_at_night if {
	some verdict in ${layer}.verdicts with input as {"action": {"risk": "write"}, "local_time": {"hour": 3}}
	verdict.outcome == "DENY"
}

test_says_nothing_by_day if {
	count(${layer}.verdicts) == 0 with input as {"action": {"risk": "write"}, "local_time": {"hour": 12}}
}
`;
}

const OWNER: Record<LayerKind, string> = { tenant: 'the whole tenant', workspace: 'this workspace', environment: 'this environment' };
