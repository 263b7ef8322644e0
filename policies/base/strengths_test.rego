package countersign.strengths_test

import data.countersign.strengths

order := ["api_key", "slack_linked", "link", "oidc", "mfa", "passkey"]

test_each_is_as_strong_as_those_before_it if {
	every i, given in order {
		every j, asked in order {
			is_strong_enough := {true | strengths.at_least(given, asked)}
			is_strong_enough == {true | i >= j}
		}
	}
}

test_what_is_not_known_is_the_weakest if {
	strengths.at_least("password", "api_key")
	not strengths.at_least("password", "slack_linked")
	not strengths.at_least(null, "link")
}

test_nobody_is_as_strong_as_what_there_is_not if {
	every given in order {
		not strengths.at_least(given, "retina")
	}
}

test_the_strongest_of_several if {
	strengths.strongest({"link", "passkey", "api_key"}) == "passkey"
	strengths.strongest({"oidc"}) == "oidc"
}
