/** Whether a person may do something now, and when not, why: a disabled button says so. */
export type Permission = { allowed: true } | { allowed: false; because: string };
