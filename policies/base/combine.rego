# How verdicts become one decision: the most restrictive outcome wins, and obligations of that outcome add up.
#
# A verdict is {outcome, rule, message, obligations}. One that is not, or two that cannot both be honoured, is a DENY.
package countersign.combine

rank := {
	"ALLOW": 0,
	"ROUTE": 1,
	"THROTTLE": 2,
	"REQUIRE_HITL": 3,
	"REQUIRE_STEP_UP": 4,
	"DENY": 5,
}

most_restrictive(verdicts) := resolved([v | some v in sound(verdicts)])

# Every verdict that is well formed, and a denial in the place of each that is not.
sound(verdicts) := {v | some v in verdicts; well_formed(v)} | {denial |
	some v in verdicts
	not well_formed(v)
	denial := denied("base/malformed_verdict", "A rule gave a verdict that is not well formed")
}

well_formed(v) if {
	object.keys(v) == {"outcome", "rule", "message", "obligations"}
	is_number(rank[v.outcome])
	is_string(v.rule)
	is_string(v.message)
	is_object(v.obligations)
}

denied(rule, message) := {"outcome": "DENY", "rule": rule, "message": message, "obligations": {}}

# Nothing said at all is a denial too: this holds even if a caller forgets its own default.
resolved(verdicts) := decision_of([denied("base/no_verdict", "Policy gave no verdict")]) if count(verdicts) == 0

resolved(verdicts) := decision_of(winning(verdicts)) if {
	count(verdicts) > 0
	not conflicting(winning(verdicts))
}

resolved(verdicts) := decision_of([denied("base/conflicting_obligations", "Rules ask for obligations that cannot all be met")]) if {
	count(verdicts) > 0
	conflicting(winning(verdicts))
}

winning(verdicts) := [v | some v in verdicts; rank[v.outcome] == highest] if {
	highest := max([rank[v.outcome] | some v in verdicts])
}

# A person cannot answer in two tiers at once, nor a call go to two targets.
conflicting(verdicts) if {
	some name in ["tier", "required_role", "target"]
	count({value | some v in verdicts; value := v.obligations[name]}) > 1
}

decision_of(verdicts) := {
	"outcome": verdicts[0].outcome,
	"reasons": reasons(verdicts),
	"obligations": object.union(defaults(verdicts[0].outcome), merged(verdicts)),
}

reasons(verdicts) := [{"rule": pair[0], "message": pair[1]} |
	some pair in sort({[v.rule, v.message] | some v in verdicts})
]

# The least that a person in the loop means where no rule says more.
defaults(outcome) := {"tier": "standard", "required_role": "approver", "required_votes": 1, "deadline_ms": 86400000} if outcome == "REQUIRE_HITL"

defaults(outcome) := {} if outcome != "REQUIRE_HITL"

merged(verdicts) := {name: value |
	some v in verdicts
	some name, _ in v.obligations
	value := strictest(name, {w.obligations[name] | some w in verdicts})
}

strictest(name, values) := max(values) if name in {"required_votes", "retry_after_ms"}

strictest(name, values) := min(values) if name == "deadline_ms"

strictest(name, values) := max(values) if not name in {"required_votes", "retry_after_ms", "deadline_ms"}
