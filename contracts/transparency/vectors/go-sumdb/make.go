// Writes vectors.json: notes and proofs as golang.org/x/mod/sumdb makes them, for go-sumdb.test.ts; with `verify` it checks with the
// same library what our own code made (JSON on stdin). Run in a module of its own that requires golang.org/x/mod v0.42.0; no part of the product.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type hashes [][]byte

type proof struct {
	From   int64  `json:"from"`
	Size   int64  `json:"size"`
	Hashes hashes `json:"hashes"`
}

type vectors struct {
	Vkey        string           `json:"vkey"`
	Note        string           `json:"note"`
	Roots       map[int64][]byte `json:"roots"`
	Inclusion   []proof          `json:"inclusion"`
	Consistency []proof          `json:"consistency"`
}

func record(i int64) []byte { return []byte(fmt.Sprintf("record %d", i)) }

func raw(p []tlog.Hash) hashes {
	out := hashes{}
	for _, h := range p {
		out = append(out, append([]byte(nil), h[:]...))
	}
	return out
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func make_() vectors {
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var out []tlog.Hash
		for _, i := range indexes {
			out = append(out, stored[i])
		}
		return out, nil
	})
	const size = 100
	v := vectors{Roots: map[int64][]byte{}}
	for i := int64(0); i < size; i++ {
		h, err := tlog.StoredHashes(i, record(i), reader)
		check(err)
		stored = append(stored, h...)
		root, err := tlog.TreeHash(i+1, reader)
		check(err)
		v.Roots[i+1] = append([]byte(nil), root[:]...)
	}
	for _, at := range [][2]int64{{1, 0}, {2, 1}, {7, 6}, {8, 3}, {64, 17}, {65, 64}, {100, 0}, {100, 63}, {100, 99}} {
		p, err := tlog.ProveRecord(at[0], at[1], reader)
		check(err)
		v.Inclusion = append(v.Inclusion, proof{at[1], at[0], raw(p)})
	}
	for _, at := range [][2]int64{{2, 1}, {7, 3}, {8, 8}, {64, 63}, {65, 64}, {100, 1}, {100, 64}, {100, 99}} {
		p, err := tlog.ProveTree(at[0], at[1], reader)
		check(err)
		v.Consistency = append(v.Consistency, proof{at[1], at[0], raw(p)})
	}
	// No secret: it signs this one vector.
	skey, vkey, err := note.GenerateKey(bytes.NewReader(bytes.Repeat([]byte{7}, 64)), "countersign.dev/audit/ten_1/wsp_1")
	check(err)
	signer, err := note.NewSigner(skey)
	check(err)
	text := "countersign.dev/audit/ten_1/wsp_1\n100\n" + base64.StdEncoding.EncodeToString(v.Roots[100]) + "\n"
	signed, err := note.Sign(&note.Note{Text: text}, signer)
	check(err)
	v.Vkey, v.Note = vkey, string(signed)
	return v
}

// What our code made, checked by Go.
func verify() {
	var v vectors
	check(json.NewDecoder(os.Stdin).Decode(&v))
	verifier, err := note.NewVerifier(v.Vkey)
	check(err)
	n, err := note.Open([]byte(v.Note), note.VerifierList(verifier))
	check(err)
	if _, err := note.Open([]byte(strings.Replace(v.Note, "\n", "x\n", 1)), note.VerifierList(verifier)); err == nil {
		check(fmt.Errorf("an altered note verifies"))
	}
	hashAt := func(size int64) (h tlog.Hash) { copy(h[:], v.Roots[size]); return h }
	toProof := func(p hashes) (out []tlog.Hash) {
		for _, b := range p {
			var h tlog.Hash
			copy(h[:], b)
			out = append(out, h)
		}
		return out
	}
	checked := 0
	for _, p := range v.Inclusion {
		check(tlog.CheckRecord(toProof(p.Hashes), p.Size, hashAt(p.Size), p.From, tlog.RecordHash(record(p.From))))
		if tlog.CheckRecord(toProof(p.Hashes), p.Size, hashAt(p.Size), p.From, tlog.RecordHash([]byte("another"))) == nil {
			check(fmt.Errorf("another record is proven"))
		}
		checked++
	}
	for _, p := range v.Consistency {
		check(tlog.CheckTree(toProof(p.Hashes), p.Size, hashAt(p.Size), p.From, hashAt(p.From)))
		checked++
	}
	fmt.Printf("note of %s signed by %s, %d proofs: all hold\n", strings.SplitN(n.Text, "\n", 2)[0], n.Sigs[0].Name, checked)
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "verify" {
		verify()
		return
	}
	out, err := json.MarshalIndent(make_(), "", " ")
	check(err)
	fmt.Println(string(out))
}
