-- Who is no second person: whoever asked for a run by hand, and whoever has held a secret of the program that asked (decision record 0047).

SET ROLE countersign_owner;

-- The principal who started a run by hand; null: an event or a schedule did.
ALTER TABLE execution.deliveries ADD COLUMN requested_by text;

-- Everybody who was shown a secret of the client after the one who made it.
ALTER TABLE control.oauth_clients ADD COLUMN rotated_by text[] NOT NULL DEFAULT '{}';

-- Everybody who said whose tokens are trusted after the one who made it.
ALTER TABLE control.federations ADD COLUMN changed_by text[] NOT NULL DEFAULT '{}';

RESET ROLE;
