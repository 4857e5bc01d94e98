/** Strokes on a 24-unit square. Those that point are turned round for scripts that run from right to left. */
export const icons = {
  shelf: 'M4 20h16M6 20V6h3v14M9 20V4h4v16M13.5 8.5l3-1 3.5 12',
  sections: 'M4 5h7v6H4zM13 5h7v6h-7zM4 13h7v6H4zM13 13h7v6h-7z',
  loans: 'M6 4h11a1.5 1.5 0 0 1 1.5 1.5V20l-6-3.5L6.5 20V4',
  desk: 'M3 13h18M5 13v7M19 13v7M9 13V9.5M5.5 9.5h7a3.5 3.5 0 0 0-7 0Z',
  person: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM5 20c.6-3.5 3.4-5 7-5s6.4 1.5 7 5',
  day: 'M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4',
  night: 'M20 14.5A8 8 0 0 1 9.5 4a8 8 0 1 0 10.5 10.5Z',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  close: 'M6 6l12 12M18 6 6 18',
  clock: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 7.5V12l3 2',
  bin: 'M5 7h14M10 7V4.5h4V7M7 7l.8 12.5h8.4L17 7M10.5 11v5M13.5 11v5',
  pencil: 'M5 19l.8-4L16 4.8l3.2 3.2L9 18.2 5 19ZM13.8 7l3.2 3.2',
  plus: 'M12 5v14M5 12h14',
  minus: 'M5 12h14',
  upload: 'M12 16V5M7.5 9 12 4.5 16.5 9M5 19.5h14',
  back: 'M15 5l-7 7 7 7',
  forward: 'M9 5l7 7-7 7',
  contents: 'M8.5 6H20M8.5 12H20M8.5 18H20M4 6h.5M4 12h.5M4 18h.5',
  letters: 'M3 18 7.5 6 12 18M4.6 14h5.8M14 18l3.2-8.5L20.5 18M15.2 15h4.2',
  book: 'M12 7c-2-1.6-5-2-8-1.6v12.2c3-.4 6 0 8 1.6 2-1.6 5-2 8-1.6V5.4C17 5 14 5.4 12 7Zm0 0v12.2',
  leave: 'M14 5H6v14h8M11 12h9M16.5 8.5 20 12l-3.5 3.5',
  settings:
    'M4 7h9M17 7h3M4 17h3M11 17h9M15 9.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4ZM9 19.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4Z',
  hourglass: 'M7 4h10M7 20h10M8 4c0 4 1.8 6 4 8 2.2-2 4-4 4-8M8 20c0-4 1.8-6 4-8 2.2 2 4 4 4 8',
  barred: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM5.8 5.8l12.4 12.4',
  undo: 'M9 6 4.5 10.5 9 15M5 10.5h9a5 5 0 0 1 0 10h-2',
  pause: 'M9 6v12M15 6v12',
  search: 'M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13ZM15.3 15.3 20 20',
  bell: 'M6 17h12l-1.5-2.5V10a4.5 4.5 0 0 0-9 0v4.5L6 17ZM10 20h4',
  inbox: 'M4 13.5 6.5 5h11l2.5 8.5V19H4v-5.5ZM4 13.5h5l1 2.5h4l1-2.5h5',
} as const

export type IconName = keyof typeof icons

export const pointing: ReadonlySet<IconName> = new Set(['back', 'forward', 'leave', 'undo'])
