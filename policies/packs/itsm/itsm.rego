# METADATA
# title: IT service management
# description: Agents read and propose freely, and a person countersigns every change to a system of record.
package countersign.packs.itsm

import data.countersign.approvals

tier := "standard"

required_role := "approver"

required_votes := 1

deadline_ms := ((24 * 60) * 60) * 1000

verdicts contains verdict if {
	input.action.risk == "read"
	verdict := {
		"outcome": "ALLOW",
		"rule": "itsm/read_allowed",
		"message": "Reading is allowed",
		"obligations": {},
	}
}

verdicts contains verdict if {
	input.action.risk == "model"
	input.model.pinned == true
	verdict := {
		"outcome": "ALLOW",
		"rule": "itsm/pinned_model_allowed",
		"message": "The model is pinned",
		"obligations": {},
	}
}

# What one model wrote is for people and for the records that they countersign. To hand it to a model again, one that may run elsewhere,
# takes a person: a model that was turned must not write to the next one by itself.
verdicts contains verdict if {
	input.action.risk == "model"
	reads_a_model
	not countersigned
	verdict := {
		"outcome": "REQUIRE_HITL",
		"rule": "itsm/model_reads_model",
		"message": "A person must see what a model is given that another model wrote",
		"obligations": {
			"tier": tier,
			"required_role": required_role,
			"required_votes": required_votes,
			"deadline_ms": deadline_ms,
		},
	}
}

reads_a_model if {
	some labels in input.labels
	"model_output" in labels
}

reads_a_model if {
	some models in input.lineage
	count(models) > 0
}

verdicts contains verdict if {
	input.action.risk == "write"
	not countersigned
	not configured_notice
	verdict := {
		"outcome": "REQUIRE_HITL",
		"rule": "itsm/write_needs_approval",
		"message": "A person must approve this write",
		"obligations": {
			"tier": tier,
			"required_role": required_role,
			"required_votes": required_votes,
			"deadline_ms": deadline_ms,
		},
	}
}

verdicts contains verdict if {
	input.action.risk == "write"
	countersigned
	verdict := {
		"outcome": "ALLOW",
		"rule": "itsm/write_approved",
		"message": "This exact write was approved",
		"obligations": {},
	}
}

# A notice of our own: the workflow names the channel, and nothing from outside and no model has a part in what is posted. All other posts
# take a person, who sees where they go.
verdicts contains verdict if {
	input.action.risk == "write"
	configured_notice
	not countersigned
	verdict := {
		"outcome": "ALLOW",
		"rule": "itsm/configured_notice_allowed",
		"message": "Channel and text come from the configuration alone",
		"obligations": {},
	}
}

configured_notice if {
	input.action.connector == "slack"
	input.action.name == "message.post"
	every pointer in ["/channel", "/text"] {
		count(input.labels[pointer]) > 0
	}
	every labels in input.labels {
		every label in labels {
			label == "configuration"
		}
	}
	not touched_by_a_model
}

touched_by_a_model if {
	some models in input.lineage
	count(models) > 0
}

verdicts contains verdict if {
	input.action.risk == "destructive"
	verdict := {
		"outcome": "DENY",
		"rule": "itsm/destructive_denied",
		"message": "This pack allows no destructive action",
		"obligations": {},
	}
}

countersigned if approvals.countersigned(tier, required_role, required_votes)
