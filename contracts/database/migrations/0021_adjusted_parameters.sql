-- What policy had taken out of the parameters before it decided: names by pointer, never values (decision record 0022).
SET ROLE countersign_owner;

-- {"capped": ["/count"], "redacted": ["/note"]}; null where the call was decided as it was asked for.
ALTER TABLE execution.decisions ADD COLUMN adjusted jsonb;

RESET ROLE;
