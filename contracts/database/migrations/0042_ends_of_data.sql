-- Content that is not kept at all, what of an ended body could still be searched, and evidence that an erasure must leave (decision record 0046).

SET ROLE countersign_owner;

-- 0: a run has its content while it is open, and nothing is left of it once it is proven.
ALTER TABLE control.retention_settings
  DROP CONSTRAINT content_is_kept_for_days,
  ADD CONSTRAINT content_is_kept_for_days CHECK (content_days BETWEEN 0 AND 3650);

-- By whom and about what an event was goes with its body.
GRANT DELETE ON audit.search TO countersign_control;

-- An object that mentions the person and that nobody can remove before its time.
ALTER TABLE control.erasure_findings
  DROP CONSTRAINT erasure_action_is_known,
  ADD COLUMN retained_until timestamptz,
  ADD CONSTRAINT erasure_action_is_known CHECK (action IN ('removed', 'pseudonymised', 'shredded', 'retained')),
  ADD CONSTRAINT what_is_retained_says_until_when CHECK ((action = 'retained') = (retained_until IS NOT NULL));

RESET ROLE;
