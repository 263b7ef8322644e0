# The one question a gateway asks: may this call happen, and under which obligations?
#
# Deny by default. The platform base only restricts; a pack grants; whatever any layer restricts stays restricted.
package countersign

import data.countersign.base
import data.countersign.combine

# METADATA
# title: The decision about one call
# entrypoint: true
decision := combine.most_restrictive(verdicts | no_rule_matched)

granted contains verdict if {
	some pack
	some verdict in data.countersign.packs[pack].verdicts
}

verdicts := base.verdicts | granted

# A base that only restricts is no permission: without a word from a pack the call is denied.
no_rule_matched contains verdict if {
	count(granted) == 0
	not denied_already
	verdict := {
		"outcome": "DENY",
		"rule": "base/no_rule_matched",
		"message": "No policy allows this call",
		"obligations": {},
	}
}

denied_already if {
	some verdict in base.verdicts
	verdict.outcome == "DENY"
}
