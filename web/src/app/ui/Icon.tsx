/** The shapes, drawn on a grid of 24 with a line of 1.75. */
const shapes = {
  alerts: 'M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 1.5h-15zM10 21h4',
  archive: 'M4 8v11h16V8M3 4h18v4H3zM10 12h4',
  back: 'M19 12H5M11 6l-6 6 6 6',
  block: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM5.6 5.6l12.8 12.8',
  board: 'M4 4h16v16H4zM8 9h8M8 13h8M8 17h4',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  checks: 'M2.5 12.5l4 4.5L15 7.5M11 16l1 1 9.5-9.5',
  close: 'M6 6l12 12M18 6L6 18',
  comment: 'M4 5h16v11H11l-4.5 4V16H4z',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  edit: 'M4 20l1-4.5L16 4.5 19.5 8 8.5 19z',
  group: 'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20c0-3.6 2.9-6 6.5-6s6.5 2.4 6.5 6M16 4.4a3.5 3.5 0 0 1 0 6.2M18 14.4c2.1.8 3.5 2.7 3.5 5.6',
  heart: 'M12 20s-8-4.8-8-10.6C4 6.7 6 5 8.2 5 9.8 5 11.2 5.9 12 7.3 12.8 5.9 14.2 5 15.8 5 18 5 20 6.7 20 9.4 20 15.2 12 20 12 20z',
  info: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 11v5M12 7.6v.1',
  leave: 'M10 4H4v16h6M9 12h11M16 8l4 4-4 4',
  more: 'M5 12h.01M12 12h.01M19 12h.01',
  mute: 'M6 16.5V11a6 6 0 0 1 9.5-4.9M18 11v5.5l1.5 1.5H9M10 21h4M3.5 3.5l17 17',
  notes: 'M3 6h18v13H3zM3 7l9 7 9-7',
  plus: 'M12 5v14M5 12h14',
  refresh: 'M20 11a8 8 0 1 0-1 5M20 5v6h-6',
  reply: 'M9 6l-5 5 5 5M4 11h9c4 0 7 2.5 7 7',
  room: 'M9.5 4l-2 16M16.5 4l-2 16M4.5 9h16M3.5 15h16',
  search: 'M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16 16l4.5 4.5',
  send: 'M4 12l16-8-5 16-3.5-6.5z',
  settings: 'M4 7h8M18 7h2M15 4.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zM4 17h2M12 17h8M9 14.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z',
  split: 'M3.5 5h17v14h-17zM12 5v14',
  traffic: 'M4 9h15M15 5l4 4-4 4M20 16H6M9 12.5 5.5 16 9 19.5',
  trash: 'M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13',
  undo: 'M8 5L4 9l4 4M4 9h10a5.5 5.5 0 0 1 0 11h-3',
  user: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20.5c.5-4 3.5-6 7.5-6s7 2 7.5 6',
} as const;

export type IconName = keyof typeof shapes;

/** A picture beside a word or in a button that has a label: screen readers pass over it. */
export function Icon({ name, size = 20, filled = false }: { name: IconName; size?: number; filled?: boolean }) {
  return (
    <svg
      aria-hidden="true"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill={filled ? 'currentColor' : 'none'}
      stroke="currentColor"
      strokeWidth={name === 'more' ? 2.75 : 1.75}
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={shapes[name]} />
    </svg>
  );
}
