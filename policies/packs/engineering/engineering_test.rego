package countersign.packs.engineering_test

import data.countersign.packs.engineering

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

write(changes) := object.union(
	{
		"action": {"connector": "github", "name": "issue.comment", "risk": "write", "digest": digest},
		"principal": {"id": "prn_workflow", "kind": "workflow"},
		"parameters": {},
		"labels": {},
		"approvals": [],
	},
	changes,
)

rules(asked) := {verdict.rule |
	verdicts := engineering.verdicts with input as asked
	some verdict in verdicts
}

test_every_risk_has_one_answer if {
	rules({"action": {"connector": "github", "risk": "read"}}) == {"engineering/read_allowed"}
	rules(write({})) == {"engineering/write_needs_approval"}
	rules({"action": {"connector": "github", "risk": "destructive"}}) == {"engineering/destructive_denied"}
	rules({"action": {"connector": "github", "risk": "other"}}) == set()
}

test_it_says_nothing_of_other_connectors if {
	every risk in ["read", "write", "destructive", "model"] {
		rules({"action": {"connector": "servicenow", "risk": risk}}) == set()
	}
	rules({"action": {"risk": "read"}}) == set()
	rules({}) == set()
}

test_a_write_takes_an_approval_of_exactly_this_action if {
	rules(write({"approvals": [approval({})]})) == {"engineering/write_approved"}
	every changes in [
		{"action_digest": "sha256:b2"},
		{"tier": "critical"},
		{"state": "pending"},
		{"state": "consumed"},
		{"requested_by": "prn_approver"},
		{"votes": []},
		{"votes": [{"principal_id": "prn_approver", "role": "viewer", "decision": "approve", "auth_strength": "password"}]},
	] {
		rules(write({"approvals": [approval(changes)]})) == {"engineering/write_needs_approval"}
	}
}

check(labels) := write({"action": {"name": "check-run.create"}, "parameters": {"conclusion": "success"}, "labels": labels, "approvals": [approval({})]})

test_a_check_is_concluded_by_a_system if {
	rules(check({"/conclusion": ["trusted_system"]})) == {"engineering/write_approved"}
	every labels in [{}, {"/conclusion": []}, {"/conclusion": ["model_output"]}, {"/conclusion": ["trusted_system", "ticket_text"]}, {"/title": ["trusted_system"]}] {
		"engineering/check_concluded_by_text" in rules(check(labels))
	}
}

label(confidence) := write({"action": {"name": "issue.label"}, "parameters": {"confidence": confidence}})

test_a_guess_is_not_proposed if {
	"engineering/label_is_a_guess" in rules(label(0.49))
	rules(label(0.5)) == {"engineering/write_needs_approval"}
	rules(write({"action": {"name": "issue.label"}})) == {"engineering/write_needs_approval"}
}

test_a_repository_is_not_chosen_by_text if {
	of(["trusted_system", "configuration"]) == {"engineering/write_needs_approval"}
	every labels in [["model_output"], ["ticket_text", "trusted_system"], []] {
		"engineering/repository_chosen_by_text" in of(labels)
	}
	"engineering/repository_chosen_by_text" in rules(write({"parameters": {"repository": "a/b"}, "approvals": [approval({})]}))
}

of(labels) := rules(write({"parameters": {"repository": "a/b"}, "labels": {"/repository": labels}}))
