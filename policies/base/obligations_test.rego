package countersign.obligations_test

import data.countersign.combine
import data.countersign.obligations

verdict(outcome, rule, asked) := {"outcome": outcome, "rule": rule, "message": rule, "obligations": asked}

# The obligations of the decision on these, all of one level.
together(pairs) := combine.decide([{verdict(pair[0], concat("/", ["t", pair[0]]), pair[1]) | some pair in pairs}]).obligations

standard := {"tier": "standard", "required_role": "approver", "required_votes": 1, "deadline_ms": 86400000}

signed_in := object.union(standard, {"min_strength": "link", "max_sign_in_age_ms": 900000})

test_what_is_asked_where_no_rule_says if {
	together([["REQUIRE_HITL", {}]]) == standard
	together([["REQUIRE_STEP_UP", {}]]) == signed_in
	together([["ALLOW", {}]]) == {}
	together([["DENY", {}]]) == {}
}

test_of_people_the_strictest_is_asked if {
	together([
		["REQUIRE_HITL", {"tier": "critical", "required_votes": 2, "deadline_ms": 1000}],
		["REQUIRE_HITL", {"required_votes": 3, "deadline_ms": 2000}],
	]) == {"tier": "critical", "required_role": "approver", "required_votes": 3, "deadline_ms": 1000}
	together([["REQUIRE_HITL", {"deadline_ms": 172800000}]]) == object.union(standard, {"deadline_ms": 172800000})
	together([["REQUIRE_HITL", {"deadline_ms": 172800000}], ["REQUIRE_HITL", {}]]) == standard
}

test_a_step_up_takes_what_an_approval_takes if {
	together([
		["REQUIRE_STEP_UP", {"min_strength": "mfa", "max_sign_in_age_ms": 600000}],
		["REQUIRE_HITL", {"tier": "critical", "required_role": "admin", "required_votes": 3, "deadline_ms": 5000}],
		["REQUIRE_STEP_UP", {"min_strength": "oidc", "max_sign_in_age_ms": 60000}],
	]) == {
		"tier": "critical", "required_role": "admin", "required_votes": 3, "deadline_ms": 5000,
		"min_strength": "mfa", "max_sign_in_age_ms": 60000,
	}
}

test_a_throttle_waits_the_longest_and_keeps_both_rates if {
	together([["THROTTLE", {"retry_after_ms": 1000}], ["THROTTLE", {"retry_after_ms": 5000}]]) == {"retry_after_ms": 5000}
	together([["THROTTLE", {"rate": {"count": 7, "per_ms": 60000}}]]) == {"retry_after_ms": 8572, "rate": {"count": 7, "per_ms": 60000}}
	together([["THROTTLE", {"retry_after_ms": 10, "rate": {"count": 7, "per_ms": 60000}}]]) == {"retry_after_ms": 10, "rate": {"count": 7, "per_ms": 60000}}
	together([["THROTTLE", {"rate": {"count": 7, "per_ms": 60000}}], ["THROTTLE", {"rate": {"count": 100, "per_ms": 3600000}}]]) == {
		"retry_after_ms": 36000,
		"rate": {"count": 7, "per_ms": 3600000},
	}
}

test_caps_and_redactions_of_every_rule_hold_for_what_is_sent if {
	shaping := [
		["ALLOW", {"caps": {"/amount": 100, "/days": 3}, "redactions": ["/note"]}],
		["THROTTLE", {"retry_after_ms": 1, "caps": {"/amount": 50}, "redactions": ["/name", "/note"]}],
	]
	shape := {"caps": {"/amount": 50, "/days": 3}, "redactions": ["/name", "/note"]}
	together([shaping[0]]) == {"caps": {"/amount": 100, "/days": 3}, "redactions": ["/note"]}
	together(array.concat(shaping, [["REQUIRE_HITL", {}]])) == object.union(standard, shape)
	together(array.concat(shaping, [["REQUIRE_STEP_UP", {}]])) == object.union(signed_in, shape)
	together([shaping[0], ["ROUTE", {"target": "instance:a"}]]) == {"target": "instance:a", "caps": {"/amount": 100, "/days": 3}, "redactions": ["/note"]}
	together(shaping) == {"retry_after_ms": 1}
	together(array.concat(shaping, [["DENY", {}]])) == {}
}

# Later levels may not name other people than those whom an earlier one asks, be it without naming them.
test_who_is_asked_is_decided_once if {
	asked := verdict("REQUIRE_HITL", "t/a", {})
	named := verdict("REQUIRE_HITL", "t/b", {"tier": "critical", "required_role": "admin"})
	allowed := verdict("ALLOW", "t/c", {})
	combine.decide([{asked, named}]).obligations == object.union(standard, {"tier": "critical", "required_role": "admin"})
	combine.decide([{named}, {asked}]).obligations == object.union(standard, {"tier": "critical", "required_role": "admin"})
	combine.decide([{allowed}, {named}]).obligations == object.union(standard, {"tier": "critical", "required_role": "admin"})
	combine.decide([{asked}, {named}]).outcome == "DENY"
	combine.decide([{allowed}, {asked}, {named}]).outcome == "DENY"
	combine.decide([{asked}, {verdict("REQUIRE_STEP_UP", "t/d", {"required_role": "viewer"})}]).outcome == "DENY"
}

test_what_an_outcome_does_not_have_is_refused if {
	every pair in [
		["ALLOW", {"tier": "standard"}],
		["DENY", {"retry_after_ms": 1}],
		["REQUIRE_HITL", {"min_strength": "link"}],
		["REQUIRE_STEP_UP", {"votes": 2}],
		["THROTTLE", {"retry_after_ms": 1, "target": "a"}],
		["THROTTLE", {}],
		["ROUTE", {}],
		["ALLOW", {7: 1}],
	] {
		count(obligations.problems(pair[0], pair[1])) == 1
	}
}

test_sound_values_are_taken if {
	every pair in [
		["REQUIRE_STEP_UP", {
			"tier": "critical", "required_role": "approver", "required_votes": 32, "deadline_ms": 1,
			"min_strength": "passkey", "max_sign_in_age_ms": 1,
		}],
		["THROTTLE", {"retry_after_ms": 1, "rate": {"count": 1, "per_ms": 1}}],
		["ROUTE", {"target": "instance:a", "caps": {"/a": 0.5}, "redactions": ["/a/b"]}],
		["ALLOW", {"caps": {}, "redactions": []}],
	] {
		obligations.problems(pair[0], pair[1]) == set()
	}
}

test_unsound_values_are_refused if {
	every pair in [
		["tier", ""],
		["tier", 1],
		["required_role", null],
		["required_votes", 0],
		["required_votes", 33],
		["required_votes", 1.5],
		["required_votes", "2"],
		["deadline_ms", 0],
		["deadline_ms", null],
		["min_strength", "strong"],
		["min_strength", 4],
		["max_sign_in_age_ms", -1],
		["caps", []],
		["caps", {"amount": 1}],
		["caps", {"/amount": "1"}],
		["redactions", "/note"],
		["redactions", ["note"]],
		["redactions", [1]],
	] {
		obligations.problems("REQUIRE_STEP_UP", {pair[0]: pair[1]}) == {concat("", [pair[0], " must be ", obligations.kinds[pair[0]]])}
	}
	every rate in [{}, 1, {"count": 1}, {"count": 0, "per_ms": 1}, {"count": 1, "per_ms": 0.5}, {"count": 1, "per_ms": 1, "burst": 1}] {
		obligations.problems("THROTTLE", {"rate": rate}) == {"rate must be {count, per_ms}, whole numbers of at least 1"}
	}
	every target in ["", 1, null, {}] {
		obligations.problems("ROUTE", {"target": target}) == {"target must be a text of 1 to 256 characters"}
	}
}
