package countersign.base_test

import data.countersign.base

rules(asked) := {verdict.rule |
	verdicts := base.verdicts with input as asked
	some verdict in verdicts
}

outcomes(asked) := {verdict.outcome |
	verdicts := base.verdicts with input as asked
	some verdict in verdicts
}

read(changes) := object.union({"action": {"risk": "read", "sensitive_parameters": []}, "parameters": {}, "labels": {}}, changes)

test_the_base_never_allows if {
	every risk in ["read", "write", "model", "destructive", "other"] {
		not "ALLOW" in outcomes({"action": {"risk": risk}})
	}
}

test_a_kill_switch_stops_everything if {
	every risk in ["read", "write", "model", "destructive"] {
		"base/kill_switch" in rules({"action": {"risk": risk}, "kill_switches": [{"id": "ksw_1", "scope": "tenant", "reason": "x"}]})
	}
	rules(read({"kill_switches": []})) == set()
	every broken in [[{}], [null], ["tenant"], {"a": 1}] {
		rules(read({"kill_switches": broken})) == {"base/kill_switch"}
	}
}

# Reasons are kept for as long as the decision is; what somebody wrote into a switch is content.
test_a_kill_switch_is_named_without_what_was_written if {
	asked := read({"kill_switches": [
		{"id": "ksw_1", "scope": "workspace", "reason": "Ask Kim"},
		{"id": "ksw_2", "scope": "environment", "reason": "Ask Kim"},
	]})
	verdicts := base.verdicts with input as asked
	{verdict.message | some verdict in verdicts} == {"A kill switch is on for: environment, workspace"}
}

test_who_observes_changes_nothing if {
	asked := {risk: rules({"action": {"risk": risk}, "run": {"autonomy": "observe"}}) | some risk in ["read", "write", "model", "destructive"]}
	"base/observe_only" in asked.write
	"base/observe_only" in asked.destructive
	not "base/observe_only" in asked.read
	not "base/observe_only" in asked.model
	every autonomy in ["supervised", "autonomous"] {
		not "base/observe_only" in rules({"action": {"risk": "write"}, "run": {"autonomy": autonomy}})
	}
}

test_the_parameters_as_a_whole_may_be_the_destination if {
	rules(read({"action": {"sensitive_parameters": [""]}})) == {"base/untrusted_destination"}
	rules(read({"action": {"sensitive_parameters": [""]}, "labels": {"/to": ["configuration"]}})) == set()
}

test_models_are_pinned if {
	every model in [null, {}, {"pinned": false}, {"pinned": "true"}] {
		rules({"action": {"risk": "model"}, "model": model}) == {"base/model_not_pinned"}
	}
	rules({"action": {"risk": "model"}, "model": {"pinned": true}}) == set()
}

test_destruction_takes_a_person if {
	outcomes({"action": {"risk": "destructive"}}) == {"REQUIRE_HITL"}
}
