/** readme.txt of every bundle: what an auditor reads before any tool. */
export const README = `Countersign evidence bundle
===========================

This archive holds what one run did, who allowed it, and what it cost. Verify it offline:

    countersign evidence verify FILE.zip

What a successful verification proves
  - No file of the bundle was changed since it was signed (manifest.json lists every file; signature.json signs the manifest).
  - Every audit event of the run stands in an unbroken chain of hashes that ends in a signed checkpoint.
  - What was executed is what was approved: each write's action digest equals the digest that people voted on, the votes were
    enough, nobody voted on their own request, and the intent was recorded before the effect and the outcome after it.

What it does not prove
  - That the keys are the cell's own, unless you give the key set you trust (--keys FILE, from GET /api/v1/keys): the keys in
    keys.json only show that the bundle agrees with itself.
  - That nothing came after the checkpoint. The tail of a chain can only be proven by a later checkpoint.
  - What a text said. Content is kept apart and shredded when its retention ends; the bundle holds its digests.

Files: run, workflow, steps, decisions, approvals, actions (canonical, byte for byte), tool-calls, costs, transcript, audit, checkpoint, keys.
`;
