-- Finding the order of a call, and what of agents' deliveries and of orders is to end (decision record 0053).

SET ROLE countersign_owner;

CREATE INDEX orders_of_a_call ON execution.work_orders (tenant_id, call_id) WHERE call_id IS NOT NULL;
CREATE INDEX order_bodies_to_end ON execution.work_orders (tenant_id, begin_before) WHERE envelope IS NOT NULL OR outcome_sealed IS NOT NULL;
CREATE INDEX entry_bodies_to_end ON control.agent_entries (tenant_id, received_at) WHERE sealed IS NOT NULL;

RESET ROLE;
