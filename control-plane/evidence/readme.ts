/** readme.txt of every package. */
export const PACKAGE_README = `Countersign evidence package
============================

Open index.html to read it. Verify it offline, with nothing but the file and the verifier:

    countersign evidence verify FILE.zip
    countersign-verify FILE.zip            (the same as one file or one binary)

statement.dsse.json is an in-toto statement in a DSSE envelope whose subjects are all files. Every audit event in events/ is in the tree over its
chain whose root checkpoint.txt signs, as proofs.json shows. members.json, where there is one, names the evidence of runs by digest: it is in
runs/, or lies beside the package as <run>.evidence.zip (--members FOLDER).

That nothing is missing from it is the word of the cell that built it. The whole audit says more: countersign audit verify.
`;
