# The decision vectors, run by OPA. platform/opa runs the same files through our own decision point; both must agree with them.
package countersign.vectors_test

shipped_packs := ["engineering", "itsm"]

test_every_vector_holds if {
	count(names) > 130
	count(failing) == 0
}

names contains concat(": ", [set, vector.name]) if {
	some set
	some vector in data.vectors[set].cases
}

failing contains name if {
	some set
	some vector in data.vectors[set].cases
	name := concat(": ", [set, vector.name])
	not holds(set, vector)
	print("does not hold:", name, decided(set, vector))
}

holds(set, vector) if {
	decision := decided(set, vector)
	decision.outcome == vector.expect.outcome
	[reason.rule | some reason in decision.reasons] == vector.expect.rules
	decision.obligations == vector.expect.obligations
}

# By the packs of the set alone: all of them are loaded here.
decided(set, vector) := decision if {
	complete := object.union(data.vectors[set].base, vector.with)
	config := object.get(data.vectors[set], "config", {})
	packs := {name: {"verdicts": verdicts} |
		some name in object.get(data.vectors[set], "packs", shipped_packs)
		verdicts := data.countersign.packs[name].verdicts with input as complete with data.countersign.config as config
	}
	decision := data.countersign.decision with input as complete with data.countersign.config as config with data.countersign.packs as packs
}
