# Where policy may send a call instead: what the tenant's data names, less what a layer beneath it leaves out.
package countersign.routes

# METADATA
# title: Whether policy may send a call to `target`
# description: "`route_targets` of the tenant's data must name it (`<connector>/<model>`, `instance:<name>` or `agent:<pool>`), and so must every layer beneath that has such a list"
allowed(target) if {
	listed("tenant", target)
	every layer in ["workspace", "environment"] {
		not left_out(layer, target)
	}
}

listed(layer, target) if {
	targets := data.countersign.config[layer].route_targets
	is_array(targets)
	target in targets
}

left_out(layer, target) if {
	_ := data.countersign.config[layer].route_targets
	not listed(layer, target)
}
