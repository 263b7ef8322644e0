package countersign.combine_test

import data.countersign.combine

verdict(outcome, rule, obligations) := {"outcome": outcome, "rule": rule, "message": rule, "obligations": obligations}

asks := {
	"ALLOW": {},
	"ROUTE": {"target": "instance:a"},
	"THROTTLE": {"retry_after_ms": 1000},
	"REQUIRE_HITL": {},
	"REQUIRE_STEP_UP": {},
	"DENY": {},
}

outcome_of(outcomes) := combine.decide([{verdict(o, concat("/", ["t", o]), asks[o]) | some o in outcomes}]).outcome

test_order if {
	order := ["ALLOW", "ROUTE", "THROTTLE", "REQUIRE_HITL", "REQUIRE_STEP_UP", "DENY"]
	every i in numbers.range(0, 5) {
		outcome_of({o | some j, o in order; j <= i}) == order[i]
	}
	every a in order {
		every b in order {
			outcome_of({a, b}) == order[max([i | some i, o in order; o in {a, b}])]
		}
	}
}

test_a_level_is_as_good_as_another if {
	every levels in [
		[{verdict("ALLOW", "t/a", {})}, {verdict("DENY", "t/b", {})}, set()],
		[{verdict("DENY", "t/b", {})}, {verdict("ALLOW", "t/a", {})}, set()],
		[set(), set(), {verdict("DENY", "t/b", {}), verdict("ALLOW", "t/a", {})}],
	] {
		combine.decide(levels) == {"outcome": "DENY", "reasons": [{"rule": "t/b", "message": "t/b"}], "obligations": {}}
	}
}

test_nothing_said_is_denied if {
	every levels in [[], [set()], [set(), set(), set()]] {
		combine.decide(levels) == {
			"outcome": "DENY",
			"reasons": [{"rule": "base/no_verdict", "message": "Policy gave no verdict"}],
			"obligations": {},
		}
	}
}

test_only_the_winning_rules_are_named if {
	decision := combine.decide([{
		verdict("ALLOW", "t/a", {}),
		verdict("DENY", "t/c", {}),
		verdict("DENY", "t/b", {}),
	}])
	[reason.rule | some reason in decision.reasons] == ["t/b", "t/c"]
}

test_more_rules_than_the_contract_has_room_for_still_decide if {
	many := {{"outcome": "REQUIRE_HITL", "rule": "t/a", "message": concat("", [tens, ones]), "obligations": {}} |
		some tens in ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]
		some ones in ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]
	}
	decision := combine.decide([many])
	decision.outcome == "REQUIRE_HITL"
	[reason.message | some reason in decision.reasons] == array.slice(sort([v.message | some v in many]), 0, 64)
}

test_malformed_verdicts_deny if {
	good := verdict("ALLOW", "t/a", {})
	every bad in [
		object.union(good, {"outcome": "ALOW"}),
		object.union(good, {"outcome": 0}),
		object.union(good, {"rule": 1}),
		object.union(good, {"rule": ""}),
		object.union(good, {"message": null}),
		object.union(good, {"message": ""}),
		object.union(good, {"obligations": []}),
		object.union(good, {"extra": true}),
		object.union(good, {"mode": "sahdow"}),
		object.remove(good, ["obligations"]),
		object.remove(good, ["outcome"]),
		"ALLOW",
		null,
		[],
	] {
		decision := combine.decide([{good, bad}])
		decision.outcome == "DENY"
		decision.reasons[0].rule == "base/malformed_verdict"
	}
}

test_a_mode_may_be_written_out if {
	combine.decide([{object.union(verdict("ALLOW", "t/a", {}), {"mode": "enforce"})}]).outcome == "ALLOW"
}

test_obligations_that_cannot_be_deny_and_say_why if {
	decision := combine.decide([{verdict("ALLOW", "t/a", {"required_votes": 2})}])
	decision.outcome == "DENY"
	decision.reasons == [{
		"rule": "base/malformed_verdict",
		"message": "The rule t/a asks for what cannot be: ALLOW has no obligation required_votes",
	}]
}

test_what_cannot_all_be_met_is_denied if {
	every pair in [
		["REQUIRE_HITL", {"tier": "standard"}, {"tier": "critical"}],
		["REQUIRE_HITL", {"required_role": "approver"}, {"required_role": "admin"}],
		["REQUIRE_STEP_UP", {"tier": "standard"}, {"tier": "critical"}],
		["ROUTE", {"target": "a"}, {"target": "b"}],
	] {
		decision := combine.decide([{verdict(pair[0], "t/a", pair[1]), verdict(pair[0], "t/b", pair[2])}])
		decision.outcome == "DENY"
		decision.reasons[0].rule == "base/conflicting_obligations"
		contains(decision.reasons[0].message, "t/a, t/b")
	}
	combine.decide([{
		verdict("ROUTE", "t/a", {"target": "a"}),
		verdict("ROUTE", "t/b", {"target": "a"}),
	}]).obligations == {"target": "a"}
}

# A child must not turn the denial that its parents' dispute is into a question.
test_a_conflict_stays_one_whatever_else_is_said if {
	disputed := {verdict("ROUTE", "t/a", {"target": "a"}), verdict("ROUTE", "t/b", {"target": "b"})}
	decision := combine.decide([disputed, {verdict("REQUIRE_HITL", "t/c", {})}])
	decision.outcome == "DENY"
	decision.reasons[0].message == "Rules ask for different values of target, which cannot all be met. They are t/a, t/b"
}

test_a_denial_says_what_it_says_beside_a_conflict if {
	disputed := {verdict("ROUTE", "t/a", {"target": "a"}), verdict("ROUTE", "t/b", {"target": "b"})}
	decision := combine.decide([disputed, {verdict("DENY", "t/c", {})}])
	[reason.rule | some reason in decision.reasons] == ["t/c"]
}
