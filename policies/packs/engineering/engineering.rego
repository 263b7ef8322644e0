# METADATA
# title: Engineering
# description: >-
#   What agents do on the forges where code lives. They read freely and a person countersigns what they write; what others build on (a check
#   that lets a change through) is never a model's word, and a guess is not put on an issue.
package countersign.packs.engineering

import data.countersign.approvals

connectors := {"github"}

tier := "standard"

required_role := "approver"

required_votes := 1

deadline_ms := ((24 * 60) * 60) * 1000

# Below this a proposed label is wrong about as often as right.
least_confidence := 0.5

trusted := {"configuration", "trusted_system"}

verdicts contains verdict if {
	ours
	input.action.risk == "read"
	verdict := {
		"outcome": "ALLOW",
		"rule": "engineering/read_allowed",
		"message": "Reading a repository is allowed",
		"obligations": {},
	}
}

verdicts contains verdict if {
	ours
	input.action.risk == "write"
	not countersigned
	verdict := {
		"outcome": "REQUIRE_HITL",
		"rule": "engineering/write_needs_approval",
		"message": "A person must approve what is written to a repository",
		"obligations": {
			"tier": tier,
			"required_role": required_role,
			"required_votes": required_votes,
			"deadline_ms": deadline_ms,
		},
	}
}

verdicts contains verdict if {
	ours
	input.action.risk == "write"
	countersigned
	verdict := {
		"outcome": "ALLOW",
		"rule": "engineering/write_approved",
		"message": "This exact write was approved",
		"obligations": {},
	}
}

verdicts contains verdict if {
	ours
	input.action.risk == "destructive"
	verdict := {
		"outcome": "DENY",
		"rule": "engineering/destructive_denied",
		"message": "This pack allows no destructive action",
		"obligations": {},
	}
}

# Which repository is read or written is never a text's choice, not even for a person to wave through: what a write looks up before it is
# decided on already names the repository to the forge.
verdicts contains verdict if {
	ours
	not is_trusted("/repository")
	verdict := {
		"outcome": "DENY",
		"rule": "engineering/repository_chosen_by_text",
		"message": "The repository must not come from a model or from text of others",
		"obligations": {},
	}
}

# Merges are allowed by checks: what one says must come from a system, not from a text, whoever approves it.
verdicts contains verdict if {
	ours
	input.action.name == "check-run.create"
	not is_trusted("/conclusion")
	verdict := {
		"outcome": "DENY",
		"rule": "engineering/check_concluded_by_text",
		"message": "The conclusion of a check must not come from a model or from text of others",
		"obligations": {},
	}
}

verdicts contains verdict if {
	ours
	input.action.name == "issue.label"
	input.parameters.confidence < least_confidence
	verdict := {
		"outcome": "DENY",
		"rule": "engineering/label_is_a_guess",
		"message": "The proposed labels are too unsure to be proposed to a person",
		"obligations": {},
	}
}

ours if input.action.connector in connectors

is_trusted(pointer) if {
	not is_given(pointer)
}

# No label is no proof of where a value came from.
is_trusted(pointer) if {
	labels := input.labels[pointer]
	count(labels) > 0
	every label in labels {
		label in trusted
	}
}

is_given(pointer) if {
	some name, _ in input.parameters
	concat("", ["/", name]) == pointer
}

countersigned if approvals.countersigned(tier, required_role, required_votes)
