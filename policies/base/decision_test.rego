package countersign_test

import data.countersign

read := {"action": {"risk": "read", "sensitive_parameters": []}, "parameters": {}, "labels": {}}

loose(verdicts) := {"loose": {"verdicts": verdicts}}

allow := {"outcome": "ALLOW", "rule": "loose/anything", "message": "anything goes", "obligations": {}}

test_nothing_is_denied if {
	every nothing in [{}, null, [], "", 0, {"action": {}}, {"action": {"risk": "read"}, "approvals": 1}] {
		decision := countersign.decision with input as nothing with data.countersign.packs as {}
		decision.outcome == "DENY"
	}
}

test_an_empty_input_is_denied_by_the_seeded_packs if {
	decision := countersign.decision with input as {}
	decision.outcome == "DENY"
	decision.reasons[0].rule == "base/no_rule_matched"
}

test_a_pack_can_allow if {
	decision := countersign.decision with input as read with data.countersign.packs as loose({allow})
	decision.outcome == "ALLOW"
}

test_the_base_cannot_be_loosened if {
	destructive := object.union(read, {"action": {"risk": "destructive"}})
	needs_a_person := countersign.decision with input as destructive with data.countersign.packs as loose({allow})
	needs_a_person.outcome == "REQUIRE_HITL"
	needs_a_person.obligations.required_votes == 1

	unpinned := object.union(read, {"action": {"risk": "model"}, "model": {"use": "a/b", "pinned": false}})
	denied := countersign.decision with input as unpinned with data.countersign.packs as loose({allow})
	denied.outcome == "DENY"

	leaking := object.union(read, {"action": {"sensitive_parameters": ["/to"]}, "labels": {"/to": ["ticket_text"]}})
	refused := countersign.decision with input as leaking with data.countersign.packs as loose({allow})
	refused.outcome == "DENY"
}

test_a_second_pack_only_tightens if {
	packs := {
		"a": {"verdicts": {allow}},
		"b": {"verdicts": {{"outcome": "REQUIRE_STEP_UP", "rule": "b/step_up", "message": "sign in again", "obligations": {}}}},
	}
	decision := countersign.decision with input as read with data.countersign.packs as packs
	decision.outcome == "REQUIRE_STEP_UP"
}

test_the_base_alone_allows_nothing if {
	every risk in ["read", "write", "model", "destructive"] {
		asked := object.union(read, {"action": {"risk": risk}, "model": {"use": "a/b", "pinned": true}})
		decision := countersign.decision with input as asked with data.countersign.packs as {}
		decision.outcome == "DENY"
	}
}
