-- A run that is let in is work for whoever hears of it by the queue, like one that becomes ready (decision record 0028).

SET ROLE countersign_owner;

CREATE TRIGGER steps_let_in_are_work AFTER UPDATE OF held ON execution.steps FOR EACH ROW
  WHEN (OLD.held AND NOT NEW.held AND NEW.state IN ('ready', 'retrying', 'uncertain') AND current_setting('app.outbox', true) = 'on') EXECUTE FUNCTION app.note_work();

RESET ROLE;
