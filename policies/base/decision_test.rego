package countersign_test

import data.countersign

read := {"action": {"risk": "read", "sensitive_parameters": []}, "parameters": {}, "labels": {}}

verdict(outcome, rule, obligations) := {"outcome": outcome, "rule": rule, "message": rule, "obligations": obligations}

in_shadow(outcome, rule, obligations) := object.union(verdict(outcome, rule, obligations), {"mode": "shadow"})

pack(verdicts) := {"loose": {"verdicts": verdicts}}

says(verdicts) := {"verdicts": verdicts}

allow := verdict("ALLOW", "loose/anything", {})

silent := says(set())

outcome_and_rules(decision) := concat(" ", [decision.outcome, concat(",", [reason.rule | some reason in decision.reasons])])

# What a stack says to a read: verdicts of packs, tenant, workspace, environment.
stacked(of_pack, of_tenant, of_workspace, of_environment) := decision if {
	decision := countersign.decision with input as read with data.countersign.packs as pack(of_pack)
		with data.countersign.tenant as says(of_tenant)
		with data.countersign.workspace as says(of_workspace)
		with data.countersign.environment as says(of_environment)
}

test_nothing_is_denied if {
	every nothing in [{}, null, [], "", 0, {"action": {}}, {"action": {"risk": "read"}, "approvals": 1}] {
		decision := countersign.decision with input as nothing with data.countersign.packs as {}
		decision.outcome == "DENY"
	}
}

test_an_empty_input_is_denied_by_the_packs if {
	decision := countersign.decision with input as {}
	decision.outcome == "DENY"
	decision.reasons[0].rule == "base/no_rule_matched"
}

test_a_pack_can_allow if {
	stacked({allow}, set(), set(), set()) == {
		"outcome": "ALLOW",
		"reasons": [{"rule": "loose/anything", "message": "loose/anything"}],
		"obligations": {},
	}
}

test_the_base_cannot_be_loosened if {
	destructive := object.union(read, {"action": {"risk": "destructive"}})
	needs_a_person := countersign.decision with input as destructive with data.countersign.packs as pack({allow})
	needs_a_person.outcome == "REQUIRE_HITL"
	needs_a_person.obligations.required_votes == 1

	unpinned := object.union(read, {"action": {"risk": "model"}, "model": {"use": "a/b", "pinned": false}})
	denied := countersign.decision with input as unpinned with data.countersign.packs as pack({allow})
	denied.outcome == "DENY"

	leaking := object.union(read, {"action": {"sensitive_parameters": ["/to"]}, "labels": {"/to": ["ticket_text"]}})
	refused := countersign.decision with input as leaking with data.countersign.packs as pack({allow})
	refused.outcome == "DENY"
}

test_a_second_pack_only_tightens if {
	packs := {
		"loose": {"verdicts": {allow}},
		"b": {"verdicts": {verdict("REQUIRE_STEP_UP", "b/step_up", {})}},
	}
	decision := countersign.decision with input as read with data.countersign.packs as packs
	decision.outcome == "REQUIRE_STEP_UP"
}

test_the_base_alone_allows_nothing if {
	every risk in ["read", "write", "model", "destructive"] {
		asked := object.union(read, {"action": {"risk": risk}, "model": {"use": "a/b", "pinned": true}})
		decision := countersign.decision with input as asked with data.countersign.packs as {}
		decision.outcome == "DENY"
	}
}

test_the_tenant_grants_too if {
	outcome_and_rules(stacked(set(), {verdict("ALLOW", "tenant/own", {})}, set(), set())) == "ALLOW tenant/own"
}

test_workspace_and_environment_grant_nothing if {
	by_workspace := {verdict("ALLOW", "workspace/own", {}), verdict("REQUIRE_HITL", "workspace/ask", {})}
	by_environment := {verdict("ALLOW", "environment/own", {}), verdict("ROUTE", "environment/elsewhere", {"target": "instance:a"})}
	outcome_and_rules(stacked(set(), set(), by_workspace, set())) == "DENY base/no_rule_matched"
	decision := stacked(set(), set(), set(), by_environment)
	"base/no_rule_matched" in {reason.rule | some reason in decision.reasons}
	decision.outcome == "DENY"
}

test_each_layer_restricts if {
	hitl := "REQUIRE_HITL"
	outcome_and_rules(stacked({allow}, {verdict(hitl, "tenant/ask", {})}, set(), set())) == "REQUIRE_HITL tenant/ask"
	outcome_and_rules(stacked({allow}, set(), {verdict(hitl, "workspace/ask", {})}, set())) == "REQUIRE_HITL workspace/ask"
	outcome_and_rules(stacked({allow}, set(), set(), {verdict(hitl, "environment/ask", {})})) == "REQUIRE_HITL environment/ask"
	outcome_and_rules(stacked({verdict("DENY", "loose/never", {})}, {verdict("ALLOW", "tenant/own", {})}, set(), set())) == "DENY loose/never"
}

test_a_workspace_does_not_choose_other_people if {
	asked := {verdict("REQUIRE_HITL", "loose/ask", {})}
	outcome_and_rules(stacked(asked, {verdict("REQUIRE_HITL", "tenant/ask", {"required_role": "admin"})}, set(), set())) == "REQUIRE_HITL loose/ask,tenant/ask"
	outcome_and_rules(stacked(asked, set(), {verdict("REQUIRE_HITL", "workspace/ask", {"required_role": "viewer"})}, set())) == "DENY base/conflicting_obligations"
}

test_nobody_speaks_in_the_name_of_another_layer if {
	every rule in ["base/kill_switch", "workspace/x", "tenantx", "tenant", 7, null] {
		outcome_and_rules(stacked({allow}, {verdict("REQUIRE_HITL", rule, {})}, set(), set())) == "DENY base/malformed_verdict"
	}
	outcome_and_rules(stacked({allow}, {"DENY"}, set(), set())) == "DENY base/malformed_verdict"
}

test_verdicts_that_are_no_set_deny if {
	every verdicts in ["DENY", {"outcome": "DENY"}, [verdict("ALLOW", "tenant/own", {})], null] {
		outcome_and_rules(stacked({allow}, verdicts, set(), set())) == "DENY base/malformed_verdict"
	}
}

test_rules_in_shadow_mode_do_not_bind if {
	decision := stacked({allow}, set(), {in_shadow("REQUIRE_HITL", "workspace/ask", {})}, set())
	object.remove(decision, ["shadow"]) == stacked({allow}, set(), set(), set())
	decision.shadow == {
		"outcome": "REQUIRE_HITL",
		"reasons": [{"rule": "workspace/ask", "message": "workspace/ask"}],
		"obligations": {"tier": "standard", "required_role": "approver", "required_votes": 1, "deadline_ms": 86400000},
	}
}

test_a_shadow_grants_only_in_the_shadow if {
	decision := stacked({in_shadow("ALLOW", "loose/soon", {"caps": {"/amount": 1}})}, set(), set(), set())
	outcome_and_rules(decision) == "DENY base/no_rule_matched"
	decision.shadow == {"outcome": "ALLOW", "reasons": [{"rule": "loose/soon", "message": "loose/soon"}], "obligations": {"caps": {"/amount": 1}}}
}

test_mistakes_in_shadow_mode_bind_in_the_shadow_alone if {
	every wrong in [
		in_shadow("DENY", "base/not_mine", {}),
		in_shadow("ROUTE", "tenant/astray", {"target": "instance:a"}),
		in_shadow("NEVER", "tenant/x", {}),
		in_shadow("ALLOW", "tenant/x", {"tier": "standard"}),
	] {
		decision := stacked({allow}, {wrong}, set(), set())
		decision.outcome == "ALLOW"
		decision.shadow.outcome == "DENY"
	}
}

test_a_call_is_routed_where_the_tenant_allows_it if {
	sent := {verdict("ROUTE", "tenant/elsewhere", {"target": "instance:a"})}
	every config in [
		{"tenant": {"route_targets": ["instance:b", "instance:a"]}},
		{"tenant": {"route_targets": ["instance:a"]}, "workspace": {"route_targets": ["instance:a"]}, "environment": {"other": 1}},
	] {
		decision := stacked({allow}, sent, set(), set()) with data.countersign.config as config
		decision.outcome == "ROUTE"
		decision.obligations == {"target": "instance:a"}
	}
	every config in [
		{},
		{"tenant": {}},
		{"tenant": {"route_targets": "instance:a"}},
		{"tenant": {"route_targets": {"x": "instance:a"}}},
		{"tenant": {"route_targets": ["instance:b"]}},
		{"workspace": {"route_targets": ["instance:a"]}},
		{"tenant": {"route_targets": ["instance:a"]}, "workspace": {"route_targets": []}},
		{"tenant": {"route_targets": ["instance:a"]}, "environment": {"route_targets": null}},
	] {
		outcome_and_rules(stacked({allow}, sent, set(), set())) == "DENY base/route_target_not_allowed" with data.countersign.config as config
	}
	outcome_and_rules(stacked({allow}, {verdict("ROUTE", "tenant/nowhere", {})}, set(), set())) == "DENY base/malformed_verdict"
	outcome_and_rules(stacked({allow}, {verdict("ROUTE", "tenant/nowhere", {"target": 7})}, set(), set())) == "DENY base/malformed_verdict"
}

test_what_is_denied_needs_no_second_reason if {
	denied := countersign.decision with input as object.union(read, {"kill_switches": [{"id": "ksw_1", "scope": "tenant", "reason": "x"}]}) with data.countersign.packs as {}
	outcome_and_rules(denied) == "DENY base/kill_switch"
	outcome_and_rules(stacked(set(), set(), {verdict("DENY", "workspace/never", {})}, set())) == "DENY base/no_rule_matched,workspace/never"
}

test_layers_that_are_not_there_say_nothing if {
	decision := countersign.decision with input as read with data.countersign.packs as pack({allow})
	decision.outcome == "ALLOW"
	quiet := countersign.decision with input as read with data.countersign.packs as pack({allow}) with data.countersign.tenant as silent
	quiet == decision
}
