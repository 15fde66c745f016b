export function Mark({ size }: { size: number }) {
  return (
    <svg viewBox="0 0 24 24" width={size} height={size} aria-hidden="true">
      <rect width="24" height="24" rx="6" fill="var(--ink)" />
      <path
        d="M4.5 13.5h4l2.2-6 3 9 1.8-4.5h4"
        fill="none"
        stroke="var(--paper)"
        strokeWidth="1.9"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}
