# Whose verdicts count for what. The base restricts; packs and the tenant's layer grant; workspace and environment restrict further.
#
# A level is a set of verdicts. The first holds all layers that may say who is asked; each further one finds that decided.
package countersign.layers

import data.countersign.base
import data.countersign.combine
import data.countersign.routes

binding := [(first | no_rule_matched(first, grants)), bound(workspace), bound(environment)] if {
	grants := bound(granting)
	first := bound(platform) | grants
}

# The same with the rules in shadow mode binding, too.
with_shadows := [(first | no_rule_matched(first, granting)), workspace, environment] if first := platform | granting

shadows_speak if {
	some level in [platform, granting, workspace, environment]
	some verdict in level
	in_shadow(verdict)
}

platform contains verdict if some verdict in from_layer("base", base.verdicts)

granting contains verdict if {
	some pack
	some verdict in from_layer(pack, data.countersign.packs[pack].verdicts)
}

granting contains verdict if some verdict in from_layer("tenant", data.countersign.tenant.verdicts)

workspace contains verdict if some verdict in from_layer("workspace", data.countersign.workspace.verdicts)

environment contains verdict if some verdict in from_layer("environment", data.countersign.environment.verdicts)

# A base that only restricts is no permission: without a word from a pack or the tenant the call is denied. Workspace and environment are
# not asked: what they say is no word for the call either.
no_rule_matched(first, grants) := {combine.denial("base/no_rule_matched", "No policy allows this call")} if {
	count(grants) == 0
	not denies(first)
} else := set()

denies(verdicts) if {
	some verdict in verdicts
	verdict.outcome == "DENY"
}

bound(verdicts) := {verdict | some verdict in verdicts; not in_shadow(verdict)}

in_shadow(verdict) if verdict.mode == "shadow"

# What a layer says, once its rules bear its name and its targets are allowed: nobody speaks in the name of another layer.
from_layer(layer, verdicts) := {accepted(layer, verdict) | some verdict in verdicts} if is_set(verdicts)

from_layer(layer, verdicts) := {combine.denial("base/malformed_verdict", concat("", ["The verdicts of ", layer, " are no set: write `verdicts contains verdict if`"]))} if {
	not is_set(verdicts)
}

accepted(layer, verdict) := in_the_same_mode(verdict, combine.denial("base/malformed_verdict", misnamed(layer, verdict))) if {
	not bears_name(layer, verdict)
} else := in_the_same_mode(verdict, combine.denial("base/route_target_not_allowed", astray(verdict))) if {
	verdict.outcome == "ROUTE"
	is_string(verdict.obligations.target)
	not routes.allowed(verdict.obligations.target)
} else := verdict

bears_name(layer, verdict) if startswith(verdict.rule, concat("", [layer, "/"]))

misnamed(layer, verdict) := concat("", ["The rule ", verdict.rule, " must be called ", layer, "/..., after its layer"]) if {
	is_string(verdict.rule)
} else := concat("", ["A verdict of ", layer, " has no rule called ", layer, "/..."])

astray(verdict) := concat("", ["The rule ", verdict.rule, " sends the call to ", verdict.obligations.target, ", which route_targets does not allow"])

# A mistake in a rule that does not bind does not bind either.
in_the_same_mode(verdict, denial) := object.union(denial, {"mode": "shadow"}) if {
	in_shadow(verdict)
} else := denial
