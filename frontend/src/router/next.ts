/** Where to go after signing in: a path of this app, never another site. */
export function nextPath(asked: unknown): string {
  if (typeof asked !== 'string' || !asked.startsWith('/')) return '/'
  const target = new URL(asked, location.origin)
  return target.origin === location.origin ? target.pathname + target.search : '/'
}
