# The one question a gateway asks: may this call happen, and under which obligations?
#
# Deny by default. Only packs and the tenant's layer grant; whatever any layer restricts stays restricted. Rules in shadow mode never
# bind: what they would have decided stands beside the decision.
package countersign

import data.countersign.combine
import data.countersign.layers

# METADATA
# title: The decision about one call
# description: outcome, reasons and obligations as contracts/policy/decision.schema.json has them, with `shadow` where rules in shadow mode spoke
# entrypoint: true
decision := object.union(combine.decide(layers.binding), shadow)

default shadow := {}

shadow := {"shadow": combine.decide(layers.with_shadows)} if layers.shadows_speak
