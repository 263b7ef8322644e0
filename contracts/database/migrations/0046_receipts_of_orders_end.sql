-- A receipt keeps an order from being offered again. No order may begin later than an hour after it was issued: then nothing is kept from anything.

SET ROLE countersign_owner;

CREATE INDEX receipts_by_age ON control.agent_receipts (tenant_id, received_at);
GRANT DELETE ON control.agent_receipts TO countersign_control;

RESET ROLE;
