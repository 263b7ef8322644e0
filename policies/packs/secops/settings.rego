# METADATA
# title: Settings of the security operations pack
# description: >-
#   What stands here holds unless data says otherwise, name by name: the tenant's, under `packs.secops`, before what is given to the pack itself.
package countersign.packs.secops.settings

own := object.union(given_at(["packs", "secops"]), given_at(["tenant", "packs", "secops"]))

given_at(path) := given if {
	given := object.get(data.countersign.config, path, {})
	is_object(given)
} else := {}

# The tier and role are those of the other packs, so that one approval answers all of them.
tier := object.get(own, "tier", "standard")

role := object.get(own, "role", "approver")

votes := object.get(own, "votes", 1)

deadline_ms := object.get(own, "deadline_ms", 86400000)

# Never fewer than two, whatever is set.
containment_votes := max([2, object.get(own, "containment_votes", 2)])

containment_deadline_ms := object.get(own, "containment_deadline_ms", 3600000)

# The strongest sign-in that every installation has. Where people have passkeys: "passkey".
min_strength := object.get(own, "min_strength", "link")

max_sign_in_age_ms := object.get(own, "max_sign_in_age_ms", 900000)

# Words in the name of an action that make a write a containment.
containment_words := set_of("containment_words", ["block", "contain", "disable", "isolate", "lock", "quarantine", "revoke", "suspend"])

# Data classes of an action that make a write a containment.
containment_classes := set_of("containment_classes", ["credentials", "identity"])

max_containments_per_hour := object.get(own, "max_containments_per_hour", 20)

max_calls_per_minute := object.get(own, "max_calls_per_minute", 120)

business_days := set_of("business_days", ["monday", "tuesday", "wednesday", "thursday", "friday"])

business_from_hour := object.get(own, "business_from_hour", 8)

business_until_hour := object.get(own, "business_until_hour", 18)

# Parameters of a read that say how many records it takes.
record_limits := set_of("record_limits", ["limit", "max_results", "page_size"])

max_records := object.get(own, "max_records", 500)

personal_classes := set_of("personal_classes", ["personal"])

# Workflows that handle data of persons, whatever the actions say of themselves.
personal_workflows := set_of("personal_workflows", [])

# Where such data may go: `<connector>/<model>` or `instance:<name>`, the first one preferred. Each must be in route_targets, too.
personal_targets := object.get(own, "personal_targets", [])

secret_names := set_of("secret_names", ["api_key", "client_secret", "password", "private_key", "secret", "token"])

set_of(name, otherwise) := {value | some value in object.get(own, name, otherwise)}
