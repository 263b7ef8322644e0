/** What lies behind tickets: one root cause, who fixes it, and the many ways in which people report it. */

export const GROUPS = [
  'Service Desk', 'Identity and Access', 'Network Operations', 'Messaging and Collaboration', 'End User Computing', 'Business Applications',
  'Database Administration', 'Server and Storage', 'Security Operations', 'Telephony and Meeting Rooms', 'Web and Integration',
] as const;

export type GroupName = (typeof GROUPS)[number];
export type Language = 'en' | 'de' | 'es' | 'fr';

/** A symptom that several causes share; its phrasings say nothing about who can fix it. */
export type Symptom = 'login' | 'slow' | 'error' | 'missing' | 'down' | 'connection' | 'question';

export interface Phrasing {
  subjects: readonly string[];
  details: readonly string[];
}

export interface Cause {
  id: string;
  group: GroupName;
  category: 'inquiry' | 'software' | 'hardware' | 'network' | 'database';
  subcategory: string;
  /** How common it is; 1 is ordinary. */
  weight: number;
  /** Weights of 1 (high), 2 (medium), 3 (low). */
  impact: readonly [number, number, number];
  urgency: readonly [number, number, number];
  symptom: Symptom;
  en: Phrasing;
  de?: Phrasing;
  es?: Phrasing;
  fr?: Phrasing;
  resolution: string;
}
