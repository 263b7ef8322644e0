/** readme.txt of every bundle: what an auditor reads before any tool. */
export const README = `Countersign evidence of a run
=============================

Open index.html to read it. Verify it offline, with nothing but the file and the verifier:

    countersign evidence verify FILE.zip
    countersign-verify FILE.zip            (the same as one file or one binary)

Beside it, if you have them:
    --keys FILE          the key set of the cell that you trust, from GET /api/v1/keys
    --witness KEY        the key of a witness that must have cosigned the checkpoint
    --expect-tenant ID   the tenant that it must be of

What a successful verification proves
  - No file was changed since it was signed: statement.dsse.json is an in-toto statement in a DSSE envelope whose subjects are all files.
  - Every audit event in events/ is in the tree over its chain whose root checkpoint.txt signs: its SHA-256 leads to its link, the link to its
    leaf (RFC 6962), the leaf by proofs.json to the root. Files may be left out afterwards, as redactions.json says; the rest verifies as before.
  - What was executed is what was approved: each write's action digest equals the digest that people voted on, the votes were
    enough, nobody voted on their own request, and the intent was recorded before the effect and the outcome after it.
  - Where agents carried out writes: each was ordered of that agent, and the agent's own policy allowed exactly that action.
  - What the files say is what the events say, and the other way round; receipts name the version of the record before and after.

What it does not prove
  - That the keys are the cell's own, unless you give the key set you trust: the keys in keys.json only show that the bundle agrees with itself.
  - That these are all events of the run, and that nothing came after the checkpoint: that is for the whole audit (countersign audit verify).
  - That the cell showed everybody the same history, unless a witness that you trust has cosigned.
  - What a text said. Content is kept apart and shredded when its retention ends; the bundle holds its digests.

Files: run, workflow, steps, decisions, approvals, actions (canonical, byte for byte), tool-calls, agents (where there are any), costs, transcript, events, proofs, checkpoint, keys.
`;
