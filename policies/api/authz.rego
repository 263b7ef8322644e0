# Who may call which operation of the API. The table is data, made from contracts/openapi/permissions.ts; what a tenant demands on top of
# it comes with the question. What is not allowed here is refused, and so is everything while nobody can ask.
package countersign.api

decision := refused("forbidden") if {
	not permitted
} else := refused("scope_missing") if {
	not within_scopes
} else := refused("step_up_required") if {
	not strong_enough
} else := refused("step_up_required") if {
	not fresh_enough
} else := {"allow": true, "code": null, "require": require}

refused(code) := {"allow": false, "code": code, "require": null}

# Of an operation that is not in the table there is none, and nobody is permitted.
need := data.api.operations[input.operation]

permitted if need == "signed_in"

permitted if {
	some role in input.principal.roles
	need in data.api.roles[role]
}

permitted if need in input.principal.custom_permissions

within_scopes if input.principal.scopes == null

within_scopes if need in input.principal.scopes

within_scopes if input.operation in data.api.open_to_any_scope

strong_enough if not input.settings.min_strength[need]

strong_enough if place(input.principal.auth_strength) >= place(input.settings.min_strength[need])

place(strength) := index if {
	some index, known in data.api.strengths
	known == strength
}

fresh_enough if not input.settings.max_sign_in_age_ms[need]

# Nobody signs in with a key: null is no age.
fresh_enough if {
	is_number(input.principal.sign_in_age_ms)
	input.principal.sign_in_age_ms <= input.settings.max_sign_in_age_ms[need]
}

default require := null

require := "second_person" if {
	need in input.settings.four_eyes
	input.operation in data.api.second_person
}
