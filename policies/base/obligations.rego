# What each outcome may ask for, and what holds where several rules ask: always the strictest.
package countersign.obligations

import data.countersign.strengths

shaping := {"caps", "redactions"}

of_people := {"tier", "required_role", "required_votes", "deadline_ms"}

of_step_up := of_people | {"min_strength", "max_sign_in_age_ms"}

known := {
	"ALLOW": set(),
	"ROUTE": {"target"},
	"THROTTLE": {"retry_after_ms", "rate"},
	"REQUIRE_HITL": of_people,
	"REQUIRE_STEP_UP": of_step_up,
	"DENY": set(),
}

# Whose obligations a decision meets: a step-up is an approval, too, and never takes fewer votes than one without it.
met_with := {
	"ALLOW": set(),
	"ROUTE": {"ROUTE"},
	"THROTTLE": {"THROTTLE"},
	"REQUIRE_HITL": {"REQUIRE_HITL"},
	"REQUIRE_STEP_UP": {"REQUIRE_HITL", "REQUIRE_STEP_UP"},
	"DENY": set(),
}

# After these something may be sent, or is shown to people: what they approve is what runs.
shaped := {"ALLOW", "ROUTE", "REQUIRE_HITL", "REQUIRE_STEP_UP"}

# What a rule asks for that leaves it out. Each rule is completed by itself: else a second rule with more time than this would give more.
least := {
	"ALLOW": {},
	"ROUTE": {},
	"THROTTLE": {},
	"REQUIRE_HITL": {"required_votes": 1, "deadline_ms": 86400000},
	"REQUIRE_STEP_UP": {"required_votes": 1, "deadline_ms": 86400000, "min_strength": "link", "max_sign_in_age_ms": 900000},
	"DENY": {},
}

# Whom the first level asks where it does not say. These two are open until somebody names them, because the base does not know a tenant's people.
unnamed := {"tier": "standard", "required_role": "approver"}

# METADATA
# title: What is wrong with the obligations of a verdict, in words
# description: Empty where nothing is
problems(outcome, asked) := (unknown(outcome, asked) | unsound(asked)) | missing(outcome, asked)

unknown(outcome, asked) := {concat("", [outcome, " has no obligation ", in_words(name)]) |
	some name, _ in asked
	not name in known[outcome]
	not name in shaping
}

unsound(asked) := {concat("", [name, " must be ", kinds[name]]) |
	some name, value in asked
	kinds[name]
	not sound(name, value)
}

missing(outcome, asked) := {"ROUTE needs a target"} if {
	outcome == "ROUTE"
	not asked.target
} else := {"THROTTLE needs retry_after_ms or rate"} if {
	outcome == "THROTTLE"
	not asked.retry_after_ms
	not asked.rate
} else := set()

in_words(name) := name if {
	is_string(name)
} else := "whose name is no text"

kinds := {
	"tier": "a text of 1 to 64 characters",
	"required_role": "a text of 1 to 64 characters",
	"target": "a text of 1 to 256 characters",
	"required_votes": "a whole number from 1 to 32",
	"deadline_ms": "a whole number of at least 1",
	"retry_after_ms": "a whole number of at least 1",
	"max_sign_in_age_ms": "a whole number of at least 1",
	"min_strength": "one of api_key, slack_linked, link, oidc, mfa, passkey",
	"rate": "{count, per_ms}, whole numbers of at least 1",
	"caps": "an object of numbers by pointer, such as {\"/amount\": 100}",
	"redactions": "an array of pointers, such as [\"/note\"]",
}

sound(name, value) if {
	name in {"tier", "required_role"}
	text(value, 64)
}

sound("target", value) if text(value, 256)

sound("required_votes", value) if {
	whole(value)
	value <= 32
}

sound(name, value) if {
	name in {"deadline_ms", "retry_after_ms", "max_sign_in_age_ms"}
	whole(value)
}

sound("min_strength", value) if is_number(strengths.place[value])

sound("rate", value) if {
	object.keys(value) == {"count", "per_ms"}
	whole(value.count)
	whole(value.per_ms)
}

sound("caps", value) if {
	is_object(value)
	every pointer, cap in value {
		startswith(pointer, "/")
		is_number(cap)
	}
}

sound("redactions", value) if {
	is_array(value)
	every pointer in value {
		startswith(pointer, "/")
	}
}

text(value, longest) if {
	is_string(value)
	count(value) > 0
	count(value) <= longest
}

whole(value) if {
	is_number(value)
	value >= 1
	floor(value) == value
}

# Whose rules must agree on what: a person cannot answer in two tiers or roles, nor a call go to two targets.
agreed_by := {
	"tier": {"REQUIRE_HITL", "REQUIRE_STEP_UP"},
	"required_role": {"REQUIRE_HITL", "REQUIRE_STEP_UP"},
	"target": {"ROUTE"},
}

# METADATA
# title: The obligations on which rules contradict each other
# description: Also where a more restrictive outcome wins. Else a child could end its parents' dispute, a DENY, by asking a person
disputed(levels) := {name |
	some name, outcomes in agreed_by
	count(named(name, outcomes, levels)) > 1
}

disputants(names, levels) := {v.rule |
	some name in names
	some level in levels
	some v in level
	v.outcome in agreed_by[name]
}

# METADATA
# title: What `outcome` asks for, all rules taken together
merged(outcome, levels) := object.union(demanded(outcome, levels), shape(outcome, levels))

demanded(outcome, levels) := object.union(by_name, people) if {
	complete := [completed(v) | some level in levels; some v in level; v.outcome in met_with[outcome]]
	by_name := {name: strictest(name, {asked[name] | some asked in complete}) |
		some asked in complete
		some name, _ in asked
		not name in shaping
	}
	people := {name: value |
		some name in ["tier", "required_role"]
		name in known[outcome]
		some value in named(name, met_with[outcome], levels)
	}
}

# Who is asked is what anybody named, or the default from the level on that asked without a name.
named(name, outcomes, levels) := names | defaulted(name, outcomes, levels) if {
	names := {v.obligations[name] | some level in levels; some v in level; v.outcome in outcomes}
}

defaulted(name, outcomes, levels) := {unnamed[name] |
	some i, _ in levels
	so_far := [v | some j, level in levels; j <= i; some v in level; v.outcome in outcomes]
	count(so_far) > 0
	count([value | some v in so_far; value := v.obligations[name]]) == 0
}

completed(verdict) := object.union({"retry_after_ms": ceil(rate.per_ms / rate.count)}, verdict.obligations) if {
	rate := verdict.obligations.rate
} else := object.union(least[verdict.outcome], verdict.obligations)

strictest(name, values) := max(values) if name in {"required_votes", "retry_after_ms"}

strictest(name, values) := min(values) if name in {"deadline_ms", "max_sign_in_age_ms"}

strictest("min_strength", values) := strengths.strongest(values)

# Of two rates, the fewer calls in the longer time: that keeps both.
strictest("rate", values) := {"count": min({rate.count | some rate in values}), "per_ms": max({rate.per_ms | some rate in values})}

strictest(name, values) := value if {
	name in {"tier", "required_role", "target"}
	some value in values
}

# Caps and redactions of every rule, whatever its outcome is: each holds for what is sent in the end.
shape(outcome, levels) := object.union(capped(levels), redacted(levels)) if {
	outcome in shaped
} else := {}

capped(levels) := {"caps": lowest} if {
	all := [v.obligations.caps | some level in levels; some v in level]
	lowest := {pointer: min([caps[pointer] | some caps in all]) | some caps in all; some pointer, _ in caps}
	count(lowest) > 0
} else := {}

redacted(levels) := {"redactions": sort(pointers)} if {
	pointers := {pointer | some level in levels; some v in level; some pointer in v.obligations.redactions}
	count(pointers) > 0
} else := {}
