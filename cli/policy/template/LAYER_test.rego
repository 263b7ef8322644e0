# Tests: every rule that begins with test_ must hold. `with input as` says what policy is asked; parts that a rule does not read may be missing.
package countersign.LAYER_test

import data.countersign.LAYER

settings := {"freeze_dates": ["2026-12-24"], "two_people_for": ["servicenow/incident.update"]}

call := {
	"action": {"connector": "servicenow", "name": "incident.update", "risk": "write", "digest": "sha256:a1"},
	"principal": {"id": "prn_workflow", "kind": "workflow"},
	"local_time": {"date": "2026-12-23"},
	"approvals": [],
}

rules(asked) := {verdict.rule |
	some verdict in LAYER.verdicts with input as object.union(call, asked) with data.countersign.config.LAYER as settings
}

approved_by(people) := {"approvals": [{
	"id": "apr_1",
	"action_digest": "sha256:a1",
	"tier": "standard",
	"state": "approved",
	"requested_by": "prn_requester",
	"votes": [{"principal_id": person, "role": "approver", "decision": "approve", "auth_strength": "oidc", "sign_in_age_ms": 60000} | some person in people],
}]}

test_no_write_in_a_freeze if {
	rules({"local_time": {"date": "2026-12-24"}, "action": {"name": "incident.close"}}) == {"LAYER/change_freeze"}
}

test_reading_goes_on_in_a_freeze if {
	rules({"local_time": {"date": "2026-12-24"}, "action": {"name": "incident.get", "risk": "read"}}) == set()
}

test_two_people if {
	rules({}) == {"LAYER/two_people"}
	rules(approved_by(["prn_a"])) == {"LAYER/two_people"}
	rules(approved_by(["prn_a", "prn_a"])) == {"LAYER/two_people"}
	rules(approved_by(["prn_a", "prn_b"])) == set()
}

test_other_actions_need_no_second_person if {
	rules({"action": {"name": "worknote.add"}}) == set()
}
