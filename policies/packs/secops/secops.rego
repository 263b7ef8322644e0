# METADATA
# title: Security operations
# description: >-
#   Agents read and reason freely; a person countersigns what they write; containment (isolating a host, disabling an account) takes two
#   people with a strong and fresh sign-in; nothing is destroyed by a workflow on its own. Calls are told by their risk, their data classes
#   and their names, so that the pack needs no particular connector. Numbers and names are settings, which the tenant's data may change: `{"packs": {"secops": {"max_records": 200}}}`.
package countersign.packs.secops

import data.countersign.approvals
import data.countersign.packs.secops.settings

verdicts contains verdict if {
	input.action.risk == "read"
	verdict := {
		"outcome": "ALLOW",
		"rule": "secops/read_allowed",
		"message": "Reading is allowed",
		"obligations": {},
	}
}

# An investigation reads what it needs; a dump of a directory is none.
verdicts contains verdict if {
	input.action.risk == "read"
	caps := {concat("", ["/", name]): settings.max_records |
		some name, value in input.parameters
		name in settings.record_limits
		is_number(value)
	}
	count(caps) > 0
	verdict := {
		"outcome": "ALLOW",
		"rule": "secops/read_capped",
		"message": "A read takes no more records at once than an investigation needs",
		"obligations": {"caps": caps},
	}
}

verdicts contains verdict if {
	input.action.risk == "model"
	input.model.pinned == true
	verdict := {
		"outcome": "ALLOW",
		"rule": "secops/pinned_model_allowed",
		"message": "The model is pinned",
		"obligations": {},
	}
}

# Alerts are full of credentials that were found. No model needs them to judge.
verdicts contains verdict if {
	input.action.risk == "model"
	count(secrets) > 0
	verdict := {
		"outcome": "ALLOW",
		"rule": "secops/secrets_redacted",
		"message": "Secrets are taken out of what a model reads",
		"obligations": {"redactions": sort(secrets)},
	}
}

# Data of persons goes to the models that the tenant names for it, and a call that is at one of them stays there.
verdicts contains verdict if {
	personal_to_a_model
	not at_home
	target := settings.personal_targets[0]
	verdict := {
		"outcome": "ROUTE",
		"rule": "secops/personal_data_routed",
		"message": "Data of persons goes to a model that is named for it",
		"obligations": {"target": target},
	}
}

verdicts contains verdict if {
	personal_to_a_model
	count(settings.personal_targets) == 0
	not countersigned(settings.votes)
	verdict := {
		"outcome": "REQUIRE_HITL",
		"rule": "secops/personal_data_needs_a_person",
		"message": "Data of persons would go to a model, and none is named for it",
		"obligations": asked_of(settings.votes),
	}
}

verdicts contains verdict if {
	input.action.risk == "write"
	not contains_something
	not countersigned(votes_for_a_write)
	verdict := {
		"outcome": "REQUIRE_HITL",
		"rule": "secops/write_needs_approval",
		"message": "A person must approve this write; two, where it cannot be undone",
		"obligations": asked_of(votes_for_a_write),
	}
}

verdicts contains verdict if {
	input.action.risk == "write"
	not contains_something
	countersigned(votes_for_a_write)
	verdict := {
		"outcome": "ALLOW",
		"rule": "secops/write_approved",
		"message": "This exact write was approved",
		"obligations": {},
	}
}

# What locks people or machines out is what an attacker would have an agent do: no stolen session and no one person is enough.
verdicts contains verdict if {
	is_grave
	not stepped_up
	verdict := {
		"outcome": "REQUIRE_STEP_UP",
		"rule": "secops/containment_needs_step_up",
		"message": "Containment and destruction take two people who have just signed in",
		"obligations": object.union(asked_of(settings.containment_votes), {
			"deadline_ms": settings.containment_deadline_ms,
			"min_strength": settings.min_strength,
			"max_sign_in_age_ms": settings.max_sign_in_age_ms,
		}),
	}
}

verdicts contains verdict if {
	is_grave
	stepped_up
	verdict := {
		"outcome": "ALLOW",
		"rule": "secops/containment_approved",
		"message": "This exact action was approved by people who had just signed in",
		"obligations": {},
	}
}

verdicts contains verdict if {
	input.action.risk == "destructive"
	not input.run.autonomy == "supervised"
	verdict := {
		"outcome": "DENY",
		"rule": "secops/never_autonomous_destruction",
		"message": "Only a supervised workflow may destroy anything",
		"obligations": {},
	}
}

# Containment cannot wait for the morning. Destruction can, until those are there who could restore it.
verdicts contains verdict if {
	input.action.risk == "destructive"
	not in_business_hours
	verdict := {
		"outcome": "DENY",
		"rule": "secops/destruction_in_business_hours",
		"message": "Nothing is destroyed outside of business hours",
		"obligations": {},
	}
}

# A burst is a loop, or somebody who works through a list. It is slowed down where people can still stop it.
verdicts contains verdict if {
	is_grave
	input.counters.action.hour >= settings.max_containments_per_hour
	verdict := {
		"outcome": "THROTTLE",
		"rule": "secops/containment_burst",
		"message": "Too many containments of one kind within an hour",
		"obligations": {"rate": {"count": settings.max_containments_per_hour, "per_ms": 3600000}},
	}
}

verdicts contains verdict if {
	input.action.risk in {"read", "write"}
	input.counters.instance.minute >= settings.max_calls_per_minute
	verdict := {
		"outcome": "THROTTLE",
		"rule": "secops/call_burst",
		"message": "Too many calls to one system within a minute",
		"obligations": {"rate": {"count": settings.max_calls_per_minute, "per_ms": 60000}},
	}
}

is_grave if input.action.risk == "destructive"

is_grave if contains_something

contains_something if {
	input.action.risk == "write"
	some word in words
	word in settings.containment_words
}

contains_something if {
	input.action.risk == "write"
	some class in input.action.data_classes
	class in settings.containment_classes
}

# host.isolate, account-disable and disable_account are the same kind of thing.
words contains word if some word in split(replace(replace(input.action.name, "-", "."), "_", "."), ".")

default votes_for_a_write := 2

votes_for_a_write := settings.votes if input.action.reversible == true

personal_to_a_model if {
	input.action.risk == "model"
	some class in input.action.data_classes
	class in settings.personal_classes
}

personal_to_a_model if {
	input.action.risk == "model"
	input.run.workflow in settings.personal_workflows
}

at_home if input.model.use in settings.personal_targets

at_home if concat("", ["instance:", input.instance.name]) in settings.personal_targets

# A pointer to each value whose name says that it is secret. What is in a list is taken out with the whole list: a place in it is no name.
secrets contains pointer if {
	walk(input.parameters, [path, _])
	count(path) > 0
	path[count(path) - 1] in settings.secret_names
	named := [name | some i, name in path; every_name_to(path, i)]
	pointer := concat("", [part | some name in named; part := concat("", ["/", replace(replace(name, "~", "~0"), "/", "~1")])])
}

every_name_to(path, i) if {
	every j in numbers.range(0, i) {
		is_string(path[j])
	}
}

in_business_hours if {
	input.local_time.weekday in settings.business_days
	is_number(settings.business_from_hour)
	is_number(settings.business_until_hour)
	input.local_time.hour >= settings.business_from_hour
	input.local_time.hour < settings.business_until_hour
}

asked_of(votes) := {
	"tier": settings.tier,
	"required_role": settings.role,
	"required_votes": votes,
	"deadline_ms": settings.deadline_ms,
}

countersigned(votes) if approvals.countersigned(settings.tier, settings.role, votes)

stepped_up if approvals.stepped_up(settings.tier, settings.role, settings.containment_votes, settings.min_strength, settings.max_sign_in_age_ms)
