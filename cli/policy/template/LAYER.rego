# What this LAYER asks on top of the layers beneath it. Each rule adds a verdict; of all verdicts the most restrictive holds:
# DENY > REQUIRE_STEP_UP > REQUIRE_HITL > THROTTLE > ROUTE > ALLOW.
#
# A verdict is {outcome, rule, message, obligations}. With "mode": "shadow" it is recorded and does not bind.
package countersign.LAYER

import data.countersign.approvals
import data.countersign.config.LAYER as settings

# On days of a change freeze nothing is written. The days are in data.json, as the calendar on the tenant's clocks has them.
verdicts contains verdict if {
	input.action.risk in {"write", "destructive"}
	input.local_time.date in settings.freeze_dates
	verdict := {
		"outcome": "DENY",
		"rule": "LAYER/change_freeze",
		"message": "There is a change freeze today",
		"obligations": {},
	}
}

# Some actions take two people. Once two have countersigned exactly this call, the rule has nothing more to say.
verdicts contains verdict if {
	action in settings.two_people_for
	not approvals.countersigned_by(2)
	verdict := {
		"outcome": "REQUIRE_HITL",
		"rule": "LAYER/two_people",
		"message": "Two people must approve this action",
		"obligations": {"required_votes": 2},
	}
}

# As workflows name it: `connector/action`.
action := concat("/", [input.action.connector, input.action.name])
