-- Who is no second person: whoever asked for a run by hand, and whoever has held a secret of the program that asked (decision record 0047). And which
-- provider fills a group.

SET ROLE countersign_owner;

-- The principal who started a run by hand; null: an event or a schedule did.
ALTER TABLE execution.deliveries ADD COLUMN requested_by text;

-- Everybody who was shown a secret of the client after the one who made it.
ALTER TABLE control.oauth_clients ADD COLUMN rotated_by text[] NOT NULL DEFAULT '{}';

-- Everybody who said whose tokens are trusted after the one who made it.
ALTER TABLE control.federations ADD COLUMN changed_by text[] NOT NULL DEFAULT '{}';

-- The provider whose sign-ins fill the group, and whose alone: another one that names a group of the same name speaks of its own.
ALTER TABLE control.groups
  ADD COLUMN provider_id text,
  ADD CONSTRAINT a_provider_fills_groups_of_sign_ins CHECK (provider_id IS NULL OR source = 'oidc'),
  ADD CONSTRAINT group_is_filled_by_a_provider FOREIGN KEY (tenant_id, provider_id) REFERENCES control.identity_providers;

RESET ROLE;
