# How verdicts become one decision: the most restrictive outcome wins, and of what several rules ask for the strictest holds.
#
# A verdict is {outcome, rule, message, obligations}, with `mode` where it is "shadow". One that is not, or two that cannot both be
# honoured, is a DENY. No verdict that is added to others makes the decision looser; `properties/` shows it for random layers.
package countersign.combine

import data.countersign.obligations

rank := {
	"ALLOW": 0,
	"ROUTE": 1,
	"THROTTLE": 2,
	"REQUIRE_HITL": 3,
	"REQUIRE_STEP_UP": 4,
	"DENY": 5,
}

# METADATA
# title: The decision that all verdicts lead to
# description: "`levels` is an array of sets of verdicts. Later levels find decided whom earlier ones ask; a further verdict never makes it looser"
decide(levels) := resolved([[checked(verdict) | some verdict in level] | some level in levels])

denial(rule, message) := {"outcome": "DENY", "rule": rule, "message": message, "obligations": {}}

checked(verdict) := verdict if {
	well_formed(verdict)
	count(obligations.problems(verdict.outcome, verdict.obligations)) == 0
} else := denial("base/malformed_verdict", concat("", ["The rule ", verdict.rule, " asks for what cannot be: ", concat("; ", sort(obligations.problems(verdict.outcome, verdict.obligations)))])) if {
	well_formed(verdict)
} else := denial("base/malformed_verdict", "A rule gave a verdict that is not {outcome, rule, message, obligations} or has an outcome or mode that there is not")

well_formed(verdict) if {
	keys := object.keys(verdict)
	count({"outcome", "rule", "message", "obligations"} - keys) == 0
	count(keys - {"outcome", "rule", "message", "obligations", "mode"}) == 0
	is_number(rank[verdict.outcome])
	text(verdict.rule, 128)
	text(verdict.message, 1024)
	is_object(verdict.obligations)
	object.get(verdict, "mode", "enforce") in {"enforce", "shadow"}
}

text(value, longest) if {
	is_string(value)
	count(value) > 0
	count(value) <= longest
}

# Nothing said at all is a denial too: this holds even if a caller forgets its own default.
resolved(levels) := decision_of([denial("base/no_verdict", "Policy gave no verdict")], {}) if {
	every level in levels {
		count(level) == 0
	}
} else := decision_of([denial("base/conflicting_obligations", conflict(names, levels))], {}) if {
	winning(levels)[0].outcome != "DENY"
	names := obligations.disputed(levels)
	count(names) > 0
} else := decision_of(winners, obligations.merged(winners[0].outcome, levels)) if {
	winners := winning(levels)
}

winning(levels) := [v | some level in levels; some v in level; rank[v.outcome] == highest] if {
	highest := max([rank[v.outcome] | some level in levels; some v in level])
}

# Sorted, because compiled policy goes through a set in another order than opa does.
conflict(names, levels) := concat("", [
	"Rules ask for different values of ", concat(", ", sort(names)),
	", which cannot all be met. They are ", concat(", ", sort(obligations.disputants(names, levels))),
])

decision_of(verdicts, asked) := {
	"outcome": verdicts[0].outcome,
	"reasons": reasons(verdicts),
	"obligations": asked,
}

# As many as the contract of decisions allows; a call that so many rules speak of is still decided.
most_reasons := 64

reasons(verdicts) := array.slice(all, 0, most_reasons) if {
	all := [{"rule": pair[0], "message": pair[1]} |
		some pair in sort({[v.rule, v.message] | some v in verdicts})
	]
}
