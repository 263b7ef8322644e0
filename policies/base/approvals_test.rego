package countersign.approvals_test

import data.countersign.approvals

vote(who, role) := {"principal_id": who, "role": role, "decision": "approve", "auth_strength": "password"}

asked(votes) := {
	"action": {"digest": "sha256:a1"},
	"principal": {"id": "prn_workflow", "kind": "workflow"},
	"approvals": [{
		"id": "apr_1",
		"action_digest": "sha256:a1",
		"tier": "critical",
		"state": "approved",
		"requested_by": "prn_requester",
		"votes": votes,
	}],
}

two if approvals.countersigned("critical", "approver", 2)

test_votes_are_of_different_people if {
	two with input as asked([vote("prn_a", "approver"), vote("prn_b", "approver")])
	not two with input as asked([vote("prn_a", "approver"), vote("prn_a", "approver")])
	not two with input as asked([vote("prn_a", "approver"), vote("prn_b", "viewer")])
	not two with input as asked([vote("prn_a", "approver"), vote("prn_requester", "approver")])
	not two with input as asked([vote("prn_a", "approver"), vote("prn_workflow", "approver")])
}

test_the_platform_asks_for_people_only if {
	approvals.countersigned_by(1) with input as asked([vote("prn_a", "anyone")])
	not approvals.countersigned_by(1) with input as asked([vote("prn_requester", "admin")])
	not approvals.countersigned_by(1) with input as {}
}
