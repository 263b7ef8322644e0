package countersign.packs.itsm_test

import data.countersign.packs.itsm

digest := "sha256:a1"

approval(changes) := object.union(
	{
		"id": "apr_1",
		"action_digest": digest,
		"tier": "standard",
		"state": "approved",
		"requested_by": "prn_requester",
		"votes": [{"principal_id": "prn_approver", "role": "approver", "decision": "approve", "auth_strength": "password"}],
	},
	changes,
)

write(approvals) := {
	"action": {"risk": "write", "digest": digest},
	"principal": {"id": "prn_workflow", "kind": "workflow"},
	"approvals": approvals,
}

rules(asked) := {verdict.rule |
	verdicts := itsm.verdicts with input as asked
	some verdict in verdicts
}

# Each risk has exactly one answer, so that no rule hides behind another.
test_every_risk_has_one_answer if {
	rules({"action": {"risk": "read"}}) == {"itsm/read_allowed"}
	rules({"action": {"risk": "model"}, "model": {"use": "a/b", "pinned": true}}) == {"itsm/pinned_model_allowed"}
	rules({"action": {"risk": "model"}, "model": {"use": "a/b", "pinned": false}}) == set()
	rules({"action": {"risk": "model"}, "model": null}) == set()
	rules({"action": {"risk": "destructive"}}) == {"itsm/destructive_denied"}
	rules({"action": {"risk": "other"}}) == set()
	rules({}) == set()
}

test_a_write_takes_an_approval_of_exactly_this_action if {
	rules(write([])) == {"itsm/write_needs_approval"}
	rules(write([approval({})])) == {"itsm/write_approved"}
	every changes in [
		{"action_digest": "sha256:b2"},
		{"action_digest": "sha256:a"},
		{"action_digest": ""},
		{"tier": "critical"},
		{"state": "pending"},
		{"state": "consumed"},
		{"requested_by": "prn_approver"},
		{"votes": []},
		{"votes": [{"principal_id": "prn_workflow", "role": "approver", "decision": "approve", "auth_strength": "password"}]},
		{"votes": [{"principal_id": "prn_approver", "role": "viewer", "decision": "approve", "auth_strength": "password"}]},
		{"votes": [{"principal_id": "prn_approver", "role": "approver", "decision": "reject", "auth_strength": "password"}]},
		{"votes": null},
	] {
		rules(write([approval(changes)])) == {"itsm/write_needs_approval"}
	}
}

test_a_write_without_the_field_of_approvals_needs_one if {
	rules({"action": {"risk": "write", "digest": digest}}) == {"itsm/write_needs_approval"}
	rules({"action": {"risk": "write"}, "approvals": [approval({})]}) == {"itsm/write_needs_approval"}
}

test_what_is_asked_of_the_person if {
	verdicts := itsm.verdicts with input as write([])
	some verdict in verdicts
	verdict.obligations == {"tier": "standard", "required_role": "approver", "required_votes": 1, "deadline_ms": 86400000}
}
