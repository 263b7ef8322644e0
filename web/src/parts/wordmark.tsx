/** Two ticks, the second over the first: signed and countersigned. */
export function Mark({ size = 24 }: { size?: number }) {
  return (
    <svg viewBox="0 0 32 32" width={size} height={size} aria-hidden focusable="false">
      <rect width="32" height="32" rx="8" fill="#2b3a9e" />
      <path d="M6.5 16.8l4.6 4.7L20 10.6" fill="none" stroke="#aab5f5" strokeWidth="2.8" strokeLinecap="round" strokeLinejoin="round" />
      <path d="M14.4 20.9l1.5 1.5L26 10.6" fill="none" stroke="#fff" strokeWidth="2.8" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  );
}

export function Wordmark({ size = 24 }: { size?: number }) {
  return (
    <span style={{ display: 'inline-flex', alignItems: 'center', gap: 9, fontWeight: 650, fontSize: size * 0.66, letterSpacing: '-0.015em', color: 'var(--mantine-color-text)' }}>
      <Mark size={size} />
      Countersign
    </span>
  );
}
