# How strong a sign-in is. The order is that of contracts/policy/sign-in-strength.ts; a test keeps the two alike.
package countersign.strengths

place := {"api_key": 0, "slack_linked": 1, "link": 2, "oidc": 3, "mfa": 4, "passkey": 5}

# METADATA
# title: Whether a sign-in of strength `given` is at least as strong as `asked`
# description: A given strength that is not in the list counts as the weakest; an asked one that is not there is met by none
at_least(given, asked) if object.get(place, given, 0) >= place[asked]

strongest(names) := name if {
	highest := max({place[n] | some n in names})
	some name in names
	place[name] == highest
}
