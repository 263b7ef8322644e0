package countersign.api_test

import data.countersign.api

# A small table of the form of the real one; that the compiled policy agrees with the real one is shown by api-agreement.test.ts.
table := {
	"operations": {"getMe": "signed_in", "castVote": "signed_in", "createApiKey": "signed_in", "listRuns": "runs:read", "startRun": "runs:start", "cancelRun": "runs:control", "publishWorkflow": "workflows:publish", "revokeRole": "roles:grant", "grantRole": "roles:grant", "listTenants": "cell"},
	"roles": {"viewer": ["runs:read"], "operator": ["runs:read", "runs:control"], "author": ["workflows:publish"], "admin": ["runs:read", "roles:grant"]},
	"open_to_any_scope": ["getMe"],
	"second_person": ["publishWorkflow", "grantRole"],
	"strengths": ["api_key", "slack_linked", "link", "oidc", "mfa", "passkey"],
}

asking(changes) := object.union(
	{
		"operation": "listRuns",
		"principal": {
			"kind": "person", "roles": ["viewer"], "custom_permissions": [], "scopes": null,
			"via": "session", "auth_strength": "link", "sign_in_age_ms": null,
		},
		"settings": {"four_eyes": [], "min_strength": {}, "max_sign_in_age_ms": {}},
	},
	changes,
)

says(changes, code) if {
	answer := api.decision with input as asking(changes) with data.api as table
	answer == {"allow": false, "code": code, "require": null}
}

allows(changes) if {
	answer := api.decision with input as asking(changes) with data.api as table
	answer == {"allow": true, "code": null, "require": null}
}

test_a_role_holds_permissions if {
	allows({})
	allows({"operation": "cancelRun", "principal": {"roles": ["viewer", "operator"]}})
	says({"operation": "cancelRun"}, "forbidden")
	says({"principal": {"roles": []}}, "forbidden")
	says({"principal": {"roles": ["owner"]}}, "forbidden")
}

test_everybody_signed_in if {
	allows({"operation": "getMe", "principal": {"roles": []}})
	allows({"operation": "castVote", "principal": {"roles": []}})
}

test_what_is_not_in_the_table_is_refused if {
	says({"operation": "dropEverything", "principal": {"roles": ["admin"]}}, "forbidden")
	says({"operation": "listTenants", "principal": {"roles": ["admin"]}}, "forbidden")
}

test_a_role_of_the_tenants_own if {
	allows({"operation": "cancelRun", "principal": {"roles": [], "custom_permissions": ["runs:control"]}})
	says({"operation": "startRun", "principal": {"roles": [], "custom_permissions": ["runs:control"]}}, "forbidden")
}

test_scopes_cut_and_never_add if {
	allows({"principal": {"scopes": ["runs:read"]}})
	says({"principal": {"scopes": ["views:use"]}}, "scope_missing")
	says({"principal": {"scopes": []}}, "scope_missing")
	says({"operation": "cancelRun", "principal": {"scopes": ["runs:control"]}}, "forbidden")
}

test_scopes_leave_what_tells_who_one_is if {
	allows({"operation": "getMe", "principal": {"scopes": ["runs:read"]}})
	says({"operation": "createApiKey", "principal": {"scopes": ["runs:read"]}}, "scope_missing")
	says({"operation": "castVote", "principal": {"scopes": ["runs:read"]}}, "scope_missing")
}

strict := {"settings": {"min_strength": {"runs:read": "mfa"}}}

test_a_stronger_sign_in if {
	says(strict, "step_up_required")
	says(object.union(strict, {"principal": {"auth_strength": "api_key"}}), "step_up_required")
	says(object.union(strict, {"principal": {"auth_strength": "rumour"}}), "step_up_required")
	allows(object.union(strict, {"principal": {"auth_strength": "mfa"}}))
	allows(object.union(strict, {"principal": {"auth_strength": "passkey"}}))
	allows({"settings": {"min_strength": {"runs:start": "passkey"}}})
}

fresh := {"settings": {"max_sign_in_age_ms": {"runs:read": 60000}}}

test_a_fresher_sign_in if {
	says(fresh, "step_up_required")
	says(object.union(fresh, {"principal": {"sign_in_age_ms": 60001}}), "step_up_required")
	allows(object.union(fresh, {"principal": {"sign_in_age_ms": 60000}}))
}

test_a_second_person if {
	asked := asking({"operation": "publishWorkflow", "principal": {"roles": ["author"]}, "settings": {"four_eyes": ["workflows:publish"]}})
	api.decision == {"allow": true, "code": null, "require": "second_person"} with input as asked with data.api as table
	allows({"operation": "publishWorkflow", "principal": {"roles": ["author"]}, "settings": {"four_eyes": ["policies:release"]}})
	allows({"operation": "revokeRole", "principal": {"roles": ["admin"]}, "settings": {"four_eyes": ["roles:grant"]}})
}
