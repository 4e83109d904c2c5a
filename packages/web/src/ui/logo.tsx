import "./logo.css";

export function Logo() {
  return (
    <span className="logo">
      <svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true">
        <rect width="32" height="32" rx="8" fill="var(--accent)" />
        <g fill="none" stroke="#fff" strokeWidth="2.6" strokeLinecap="round">
          <path d="M8 9h10.5a3.5 3.5 0 0 1 0 7h-5a3.5 3.5 0 0 0 0 7H24" />
        </g>
        <circle cx="8" cy="9" r="2.7" fill="#fff" />
        <circle cx="24" cy="23" r="2.7" fill="#fff" />
      </svg>
      Flowtrail
    </span>
  );
}
