# METADATA
# title: Platform base
# description: What holds for every tenant and cannot be loosened. This layer restricts and never allows.
package countersign.base

import data.countersign.approvals

# Somebody has stopped this. What they wrote is content, and reasons are kept: so only what was stopped is named.
verdicts contains verdict if {
	count(input.kill_switches) > 0
	scopes := {switch.scope | some switch in input.kill_switches; is_string(switch.scope)}
	verdict := {
		"outcome": "DENY",
		"rule": "base/kill_switch",
		"message": concat("", ["A kill switch is on for: ", concat(", ", sort(scopes))]),
		"obligations": {},
	}
}

# A workflow that only observes may say what it would do, and does nothing.
verdicts contains verdict if {
	input.run.autonomy == "observe"
	input.action.risk in {"write", "destructive"}
	verdict := {
		"outcome": "DENY",
		"rule": "base/observe_only",
		"message": "The workflow's autonomy is `observe`: it changes nothing",
		"obligations": {},
	}
}

# A model that is not pinned to a snapshot can change under a workflow that was tested with another one.
verdicts contains verdict if {
	input.action.risk == "model"
	not model_is_pinned
	verdict := {
		"outcome": "DENY",
		"rule": "base/model_not_pinned",
		"message": "The model is not pinned to a snapshot",
		"obligations": {},
	}
}

model_is_pinned if input.model.pinned == true

# Destroying something always takes a person, whatever a pack says.
verdicts contains verdict if {
	input.action.risk == "destructive"
	not approvals.countersigned_by(1)
	verdict := {
		"outcome": "REQUIRE_HITL",
		"rule": "base/destructive_needs_a_person",
		"message": "A destructive action needs a person's approval",
		"obligations": {"required_votes": 1},
	}
}

# Where data goes must not be chosen by text from outside: the way a prompt injection gets data out. A write is shown to a
# person, who sees the destination; nobody is asked about reads and model calls, so they are denied.
verdicts contains verdict if {
	not read_by_a_write
	some pointer in untrusted_destinations
	not approvals.countersigned_by(1)
	verdict := {
		"outcome": outcome_for_untrusted_destination,
		"rule": "base/untrusted_destination",
		"message": concat("", ["The sensitive parameter ", pointer, " does not come from a trusted source"]),
		"obligations": {},
	}
}

# What a write that was decided on reads of its own instance, such as the record that it has just changed, is judged with the write. While
# it is only being prepared nobody has allowed anything yet, so what is read then is judged by itself.
read_by_a_write if {
	input.action.risk == "read"
	input.call.within.decided == true
	input.call.within.risk in {"write", "destructive"}
	input.call.within.instance_id == input.instance.id
}

# The workflow says what is called. Where text from outside chose the call itself, nobody granted it: not even a read without parameters.
verdicts contains verdict if {
	chosen_from_outside
	not approvals.countersigned_by(1)
	verdict := {
		"outcome": outcome_for_untrusted_destination,
		"rule": "base/untrusted_call",
		"message": "Text from outside chose this call and not the workflow",
		"obligations": {},
	}
}

chosen_from_outside if {
	some label in input.labels[""]
	not label in trusted
}

chosen_from_outside if count(input.lineage[""]) > 0

# Whoever hides characters in a text has something in mind. They were taken out; a person looks at what is written because of it.
verdicts contains verdict if {
	input.action.risk in {"write", "destructive"}
	some labels in input.labels
	"hidden_characters" in labels
	not approvals.countersigned_by(1)
	verdict := {
		"outcome": "REQUIRE_HITL",
		"rule": "base/hidden_characters",
		"message": "What is written derives from text in which characters were hidden; they were taken out",
		"obligations": {},
	}
}

default outcome_for_untrusted_destination := "DENY"

outcome_for_untrusted_destination := "REQUIRE_HITL" if input.action.risk in {"write", "destructive"}

trusted := {"configuration", "trusted_system"}

untrusted_destinations contains pointer if {
	some pointer in input.action.sensitive_parameters
	some labelled, labels in input.labels
	overlap(pointer, labelled)
	some label in labels
	not label in trusted
}

# What a model had part in is as untrusted as what it read, and it is never trusted itself, whatever an action said of its output.
untrusted_destinations contains pointer if {
	some pointer in input.action.sensitive_parameters
	some derived, models in input.lineage
	overlap(pointer, derived)
	count(models) > 0
}

# No label is no proof of where a value came from.
untrusted_destinations contains pointer if {
	some pointer in input.action.sensitive_parameters
	present(pointer)
	not labelled(pointer)
}

labelled(pointer) if {
	some other, labels in input.labels
	overlap(pointer, other)
	count(labels) > 0
}

present(pointer) if {
	name := replace(replace(split(pointer, "/")[1], "~1", "/"), "~0", "~")
	some key, _ in input.parameters
	key == name
}

present("")

# The label of a container speaks for what is in it, and the label of a member for the container.
overlap(a, b) if startswith(concat("", [a, "/"]), concat("", [b, "/"]))

overlap(a, b) if startswith(concat("", [b, "/"]), concat("", [a, "/"]))
