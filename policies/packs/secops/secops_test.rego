package countersign.packs.secops_test

import data.countersign.packs.secops
import data.countersign.packs.secops.settings

digest := "sha256:a1"

vote(who) := {"principal_id": who, "role": "approver", "decision": "approve", "auth_strength": "link", "sign_in_age_ms": 1000}

approval(votes) := {
	"id": "apr_1",
	"action_digest": digest,
	"tier": "standard",
	"state": "approved",
	"requested_by": "prn_requester",
	"votes": votes,
}

write(name, changes) := object.union(
	{
		"action": {"name": name, "risk": "write", "reversible": true, "data_classes": [], "digest": digest},
		"principal": {"id": "prn_workflow", "kind": "workflow"},
		"approvals": [],
	},
	changes,
)

rules(asked) := {verdict.rule |
	verdicts := secops.verdicts with input as asked
	some verdict in verdicts
}

with_settings(asked, own) := {verdict.rule |
	verdicts := secops.verdicts with input as asked with data.countersign.config as {"tenant": {"packs": {"secops": own}}}
	some verdict in verdicts
}

test_every_risk_has_an_answer_or_none if {
	rules({"action": {"risk": "read"}}) == {"secops/read_allowed"}
	rules({"action": {"risk": "model"}, "model": {"pinned": true}}) == {"secops/pinned_model_allowed"}
	rules({"action": {"risk": "model"}, "model": null}) == set()
	rules(write("case.add-note", {})) == {"secops/write_needs_approval"}
	rules({"action": {"risk": "other"}}) == set()
	rules({}) == set()
}

test_containment_is_known_by_its_words_and_its_data if {
	every name in ["host.isolate", "account-disable", "session_revoke", "block.sender-address"] {
		rules(write(name, {})) == {"secops/containment_needs_step_up"}
	}
	every name in ["host.isolation-report", "unblock.sender", "disabled.list"] {
		rules(write(name, {})) == {"secops/write_needs_approval"}
	}
	rules(write("person.update", {"action": {"data_classes": ["identity"]}})) == {"secops/containment_needs_step_up"}
	with_settings(write("host.freeze", {}), {"containment_words": ["freeze"]}) == {"secops/containment_needs_step_up"}
	with_settings(write("key.read", {}), {"containment_classes": []}) == {"secops/write_needs_approval"}
}

test_containment_takes_two_however_it_is_set if {
	every own in [{}, {"containment_votes": 1}, {"containment_votes": 0}, {"containment_votes": "1"}] {
		with_settings(write("host.isolate", {"approvals": [approval([vote("prn_a")])]}), own) == {"secops/containment_needs_step_up"}
	}
	rules(write("host.isolate", {"approvals": [approval([vote("prn_a"), vote("prn_b")])]})) == {"secops/containment_approved"}
	with_settings(write("host.isolate", {"approvals": [approval([vote("prn_a"), vote("prn_b")])]}), {"containment_votes": 3}) == {"secops/containment_needs_step_up"}
}

test_what_cannot_be_undone_takes_two if {
	one := {"approvals": [approval([vote("prn_a")])]}
	rules(write("case.close", one)) == {"secops/write_approved"}
	rules(write("case.close", object.union(one, {"action": {"reversible": false}}))) == {"secops/write_needs_approval"}
	rules(object.remove(write("case.close", one), ["action"])) == set()
}

at(weekday, hour) := rules({"action": {"risk": "destructive"}, "run": {"autonomy": "supervised"}, "local_time": {"weekday": weekday, "hour": hour}})

test_business_hours if {
	every pair in [["monday", 8], ["friday", 17]] {
		at(pair[0], pair[1]) == {"secops/containment_needs_step_up"}
	}
	every pair in [["monday", 7], ["friday", 18], ["saturday", 12], ["noday", 12], ["monday", null]] {
		"secops/destruction_in_business_hours" in at(pair[0], pair[1])
	}
}

test_a_setting_that_is_no_hour_is_never_an_open_door if {
	asked := {"action": {"risk": "destructive"}, "run": {"autonomy": "supervised"}, "local_time": {"weekday": "monday", "hour": 12}}
	every own in [{"business_until_hour": "18"}, {"business_from_hour": "8"}, {"business_until_hour": null}, {"business_from_hour": null}, {"business_days": []}] {
		"secops/destruction_in_business_hours" in with_settings(asked, own)
	}
}

test_only_the_supervised_destroy if {
	every run in [{"autonomy": "autonomous"}, {"autonomy": "observe"}, {}] {
		"secops/never_autonomous_destruction" in rules({"action": {"risk": "destructive"}, "run": run})
	}
}

test_caps_and_redactions if {
	verdicts := secops.verdicts with input as {"action": {"risk": "read"}, "parameters": {"limit": 9, "page_size": 9, "query": "x"}}
	{"/limit": 500, "/page_size": 500} in {verdict.obligations.caps | some verdict in verdicts}
	secops.secrets == {"/a~1b/token", "/list", "/password"} with input as {"action": {"risk": "model"}, "parameters": {
		"password": "x",
		"a/b": {"token": {"deep": 1}},
		"list": [{"name": 1}, {"secret": 2}],
		"harmless": [1, {"word": "password"}],
	}}
}

test_settings_are_those_of_the_tenant_name_by_name if {
	settings.max_records == 500
	given := {"packs": {"secops": {"max_records": 20, "votes": 3}}, "tenant": {"packs": {"secops": {"max_records": 10}}}}
	settings.max_records == 10 with data.countersign.config as given
	settings.votes == 3 with data.countersign.config as given
	settings.deadline_ms == 86400000 with data.countersign.config as given
}

test_settings_that_are_none_change_nothing if {
	every wrong in [null, [], "x", 7] {
		settings.own == {} with data.countersign.config as {"packs": {"secops": wrong}, "tenant": {"packs": {"secops": wrong}}}
	}
	settings.own == {} with data.countersign.config as {"tenant": {"packs": ["secops"]}}
}
