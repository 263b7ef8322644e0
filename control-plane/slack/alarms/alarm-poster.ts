import type { Database } from '@countersign/platform/postgres/database.ts';
import { FOR_GOOD, failureOf, pauseOf } from '../app/slack-calls.ts';
import { sendMessage } from '../app/slack-sender.ts';
import type { SlackSender } from '../app/slack-sender.ts';
import { alarmText } from './alarm-text.ts';
import { alarmFailed, alarmPosted, alarmsToPost, takeAlarm, wantAlarms } from './queries.ts';
import type { AlarmRow } from './queries.ts';

export interface AlarmPosterParts {
  readonly tenantId: string;
  readonly database: Database;
  readonly sender: SlackSender;
  readonly publicUrl: string;
}

/** Tells every channel of a workspace that somebody has broken the glass there. An alarm whose answer is lost may come twice, and is never left out for it. */
export class AlarmPoster {
  readonly #parts: AlarmPosterParts;

  constructor(parts: AlarmPosterParts) {
    this.#parts = parts;
  }

  /** Gives whether it posted something. */
  async turn(): Promise<boolean> {
    const { tenantId, database } = this.#parts;
    const alarms = await database.forTenant(tenantId, async (tx) => {
      await tx.change(wantAlarms, [tenantId]);
      return tx.rows<AlarmRow>(alarmsToPost, [tenantId]);
    });
    let posted = false;
    for (const alarm of alarms) posted = await this.#post(alarm) || posted;
    return posted;
  }

  async #post(alarm: AlarmRow): Promise<boolean> {
    const { sender, publicUrl } = this.#parts;
    const client = await sender.clientOf(alarm.installation);
    if (client === null || !await sender.mayPost(alarm) || await this.#change(takeAlarm, alarm) === 0) return false;
    try {
      await sendMessage(client, { channel: alarm.channel_id, text: alarmText(alarm, publicUrl), unfurl_links: false, unfurl_media: false });
      return await this.#change(alarmPosted, alarm) > 0;
    } catch (error) {
      const failure = failureOf(error);
      await sender.note(alarm.installation, failure);
      const isForGood = failure.kind === 'refused' && FOR_GOOD.has(failure.error);
      await this.#change(alarmFailed, alarm, failure.kind === 'refused' ? failure.error : failure.kind, isForGood ? null : pauseOf(alarm.attempts, failure));
      return false;
    }
  }

  #change(statement: typeof takeAlarm, { grant_id, installation, channel_id }: AlarmRow, ...more: readonly unknown[]): Promise<number> {
    const { tenantId, database } = this.#parts;
    return database.forTenant(tenantId, (tx) => tx.change(statement, [tenantId, grant_id, installation, channel_id, ...more]));
  }
}
