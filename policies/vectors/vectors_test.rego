# The decision vectors, run by OPA. platform/opa runs the same files through our own decision point; both must agree with them.
package countersign.vectors_test

test_every_vector_holds if {
	count(names) > 40
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

decided(set, vector) := decision if {
	complete := object.union(data.vectors[set].base, vector.with)
	decision := data.countersign.decision with input as complete
}
