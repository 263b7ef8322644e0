import type { Risk } from '@countersign/contracts/connectors/manifest.ts';

/** What a foreign tool does, said in what our actions can do. */
export type Aim = 'read' | 'write' | 'send' | 'destroy' | 'run';

/** Which of our risks serve an aim: all that could bring the attacker nearer to it. */
const RISKS_OF: Readonly<Record<Aim, readonly Risk[]>> = {
  // What is asked for travels to the peer, so a read is a way of sending too.
  read: ['read', 'model'],
  write: ['write', 'destructive'],
  send: ['write', 'destructive', 'read', 'model'],
  destroy: ['destructive', 'write'],
  run: ['destructive', 'write', 'model', 'read'],
};

/** Words of verb classes and of tools' names. The first that fits decides; the most dangerous stand first. */
const WORDS: ReadonlyArray<readonly [RegExp, Aim]> = [
  [/exec|shell|command|script|code|bash|eval|terminal|run_|sudo|install|deploy/, 'run'],
  [/delet|destr|remov|drop|wipe|purge|erase|truncat|revoke|terminate|cancel|disable|uninstall/, 'destroy'],
  [/send|exfil|mail|messag|post|publish|share|upload|notify|forward|webhook|http|slack|sms|export|invite|tweet|reply/, 'send'],
  [/pay|transfer|financ|purchas|buy|order|money|bank|refund|wire|trade/, 'write'],
  [/admin|permission|privilege|grant|role|user_|account|password|credential|unlock|config|setting|access/, 'write'],
  [/writ|updat|creat|edit|modif|set_|insert|add|assign|schedul|book|append|rename|move|mutat|change|control|open_|lock/, 'write'],
  [/read|get|list|search|query|fetch|find|view|look|browse|download|retriev|summar|translat|generat/, 'read'],
];

/** Total: what nobody has a word for is taken for the most dangerous there is. */
export function aimOf(verbClass: string, tool: string): Aim {
  return aimIn(verbClass) ?? aimIn(tool) ?? 'run';
}

export function risksFor(aim: Aim): readonly Risk[] {
  return RISKS_OF[aim];
}

function aimIn(text: string): Aim | null {
  const words = text.toLowerCase().replace(/[^a-z0-9]+/g, '_');
  return WORDS.find(([pattern]) => pattern.test(words))?.[1] ?? null;
}
