package countersign.combine_test

import data.countersign.combine

verdict(outcome, rule, obligations) := {"outcome": outcome, "rule": rule, "message": rule, "obligations": obligations}

most_restrictive(outcomes) := combine.most_restrictive({verdict(o, concat("/", ["t", o]), {}) | some o in outcomes}).outcome

test_order if {
	order := ["ALLOW", "ROUTE", "THROTTLE", "REQUIRE_HITL", "REQUIRE_STEP_UP", "DENY"]
	every i in numbers.range(0, 5) {
		most_restrictive({o | some j, o in order; j <= i}) == order[i]
	}
	every a in order {
		every b in order {
			most_restrictive({a, b}) == order[max([i | some i, o in order; o in {a, b}])]
		}
	}
}

test_nothing_said_is_denied if {
	combine.most_restrictive(set()) == {
		"outcome": "DENY",
		"reasons": [{"rule": "base/no_verdict", "message": "Policy gave no verdict"}],
		"obligations": {},
	}
}

test_only_the_winning_rules_are_named if {
	decision := combine.most_restrictive({
		verdict("ALLOW", "t/a", {}),
		verdict("DENY", "t/c", {}),
		verdict("DENY", "t/b", {}),
	})
	[reason.rule | some reason in decision.reasons] == ["t/b", "t/c"]
}

test_malformed_verdicts_deny if {
	good := verdict("ALLOW", "t/a", {})
	every bad in [
		object.union(good, {"outcome": "ALOW"}),
		object.union(good, {"outcome": 0}),
		object.union(good, {"rule": 1}),
		object.union(good, {"message": null}),
		object.union(good, {"obligations": []}),
		object.union(good, {"extra": true}),
		object.remove(good, ["obligations"]),
		"ALLOW",
		null,
		[],
	] {
		decision := combine.most_restrictive({good, bad})
		decision.outcome == "DENY"
		decision.reasons[0].rule == "base/malformed_verdict"
	}
}

test_a_person_in_the_loop_has_defaults if {
	combine.most_restrictive({verdict("REQUIRE_HITL", "t/a", {})}).obligations == {
		"tier": "standard",
		"required_role": "approver",
		"required_votes": 1,
		"deadline_ms": 86400000,
	}
}

test_obligations_add_up_to_the_strictest if {
	combine.most_restrictive({
		verdict("REQUIRE_HITL", "t/a", {"tier": "critical", "required_votes": 2, "deadline_ms": 1000}),
		verdict("REQUIRE_HITL", "t/b", {"required_votes": 3, "deadline_ms": 2000}),
		verdict("ALLOW", "t/c", {"required_votes": 9, "target": "elsewhere"}),
	}).obligations == {"tier": "critical", "required_role": "approver", "required_votes": 3, "deadline_ms": 1000}
	combine.most_restrictive({
		verdict("THROTTLE", "t/a", {"retry_after_ms": 1000}),
		verdict("THROTTLE", "t/b", {"retry_after_ms": 5000}),
	}).obligations == {"retry_after_ms": 5000}
}

test_what_cannot_all_be_met_is_denied if {
	every pair in [
		["REQUIRE_HITL", {"tier": "standard"}, {"tier": "critical"}],
		["REQUIRE_HITL", {"required_role": "approver"}, {"required_role": "admin"}],
		["ROUTE", {"target": "a"}, {"target": "b"}],
	] {
		decision := combine.most_restrictive({verdict(pair[0], "t/a", pair[1]), verdict(pair[0], "t/b", pair[2])})
		decision.outcome == "DENY"
		decision.reasons[0].rule == "base/conflicting_obligations"
	}
	combine.most_restrictive({
		verdict("ROUTE", "t/a", {"target": "a"}),
		verdict("ROUTE", "t/b", {"target": "a"}),
	}).obligations == {"target": "a"}
}
