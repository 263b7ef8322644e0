# Whether people have countersigned exactly this action.
package countersign.approvals

# An approval covers the call only by the digest of its canonical action: another record, field or value is another digest.
covering contains approval if {
	some approval in input.approvals
	approval.state == "approved"
	approval.action_digest == input.action.digest
	count(rejections(approval)) == 0
}

# Whether one approval of `tier` has votes for it by at least `votes` different people who hold `role`.
countersigned(tier, role, votes) if {
	some approval in covering
	approval.tier == tier
	count({vote.principal_id | some vote in valid_votes(approval); vote.role == role}) >= votes
}

# As countersigned, whatever the tier and the role: the least that the platform itself asks for.
countersigned_by(votes) if {
	some approval in covering
	count({vote.principal_id | some vote in valid_votes(approval)}) >= votes
}

# Nobody countersigns what they asked for or do themselves.
valid_votes(approval) := [vote |
	some vote in approval.votes
	vote.decision == "approve"
	vote.principal_id != approval.requested_by
	vote.principal_id != input.principal.id
]

rejections(approval) := [vote |
	some vote in approval.votes
	vote.decision == "reject"
]
