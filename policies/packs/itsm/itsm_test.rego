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

post(labels) := {
	"action": {"risk": "write", "connector": "slack", "name": "message.post", "digest": digest},
	"principal": {"id": "prn_workflow", "kind": "workflow"},
	"labels": labels,
	"approvals": [],
}

test_a_post_that_is_all_configuration_needs_nobody if {
	rules(post({"/channel": ["configuration"], "/text": ["configuration"]})) == {"itsm/configured_notice_allowed"}
	every labels in [
		{},
		{"/channel": ["configuration"]},
		{"/channel": ["configuration"], "/text": []},
		{"/channel": ["configuration"], "/text": ["ticket_text"]},
		{"/channel": ["configuration"], "/text": ["configuration", "model_output"]},
		{"/channel": ["configuration"], "/text": ["trusted_system"]},
		{"/channel": ["trusted_system"], "/text": ["configuration"]},
		{"/channel": ["configuration"], "/text": ["configuration"], "/extra": ["ticket_text"]},
	] {
		rules(post(labels)) == {"itsm/write_needs_approval"}
	}
	said_by_a_model := object.union(post({"/channel": ["configuration"], "/text": ["configuration"]}), {"lineage": {"/text": [{"model": "m/1", "read": []}]}})
	rules(said_by_a_model) == {"itsm/write_needs_approval"}
}

test_only_posts_to_slack_are_notices if {
	every action in [{"connector": "servicenow", "name": "message.post"}, {"connector": "slack", "name": "message.delete"}, {"name": "message.post"}] {
		asked := {
			"action": object.union({"risk": "write", "digest": digest}, action),
			"principal": {"id": "prn_workflow", "kind": "workflow"},
			"labels": {"/channel": ["configuration"], "/text": ["configuration"]},
			"approvals": [],
		}
		rules(asked) == {"itsm/write_needs_approval"}
	}
}
