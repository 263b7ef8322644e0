# Whether people have countersigned exactly this action.
package countersign.approvals

import data.countersign.strengths

# An approval covers the call only by the digest of its canonical action: another record, field or value is another digest.
covering contains approval if {
	some approval in input.approvals
	approval.state == "approved"
	approval.action_digest == input.action.digest
	count(rejections(approval)) == 0
}

# METADATA
# title: Whether enough people approved this very action
# description: One approval of `tier` has votes for it by at least `votes` different people who hold `role`
countersigned(tier, role, votes) if {
	some approval in covering
	approval.tier == tier
	count({vote.principal_id | some vote in valid_votes(approval); vote.role == role}) >= votes
}

# METADATA
# title: Whether enough people approved this very action, each with a strong and fresh sign-in
# description: As `countersigned`, counting only votes of people who had signed in by `min_strength` or stronger, at most `max_sign_in_age_ms` before they voted. An age that is not known is too old
stepped_up(tier, role, votes, min_strength, max_sign_in_age_ms) if {
	some approval in covering
	approval.tier == tier
	count({vote.principal_id |
		some vote in valid_votes(approval)
		vote.role == role
		strengths.at_least(vote.auth_strength, min_strength)
		is_number(vote.sign_in_age_ms)
		vote.sign_in_age_ms <= max_sign_in_age_ms
	}) >= votes
}

# METADATA
# title: Whether `votes` people approved this very action
# description: As `countersigned`, whatever the tier and the role are; the least that the platform itself asks for
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
