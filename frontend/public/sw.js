// Shows what the library pushes, and opens what it is about. It keeps nothing and answers no request.

addEventListener('install', () => skipWaiting())
addEventListener('activate', (event) => event.waitUntil(clients.claim()))

addEventListener('push', (event) => {
  // A browser shows something of its own where a push shows nothing.
  let said = {}
  try {
    said = event.data?.json() ?? {}
  } catch {
    // Not of this library.
  }
  const { title = 'Carrel', body, url, tag, lang } = said
  event.waitUntil(
    registration.showNotification(title, {
      body,
      tag,
      lang,
      icon: '/mark.svg',
      badge: '/mark.svg',
      data: { url },
    }),
  )
})

addEventListener('notificationclick', (event) => {
  event.notification.close()
  event.waitUntil(open(event.notification.data?.url))
})

/** Opens an address of the library, in a window that shows it already if there is one; of no other site. */
async function open(address) {
  const url = new URL(address ?? '/', location.origin)
  const target = url.origin === location.origin ? url.href : `${location.origin}/`
  const windows = await clients.matchAll({ type: 'window', includeUncontrolled: true })
  const shown = windows.find((window) => window.url === target)
  return shown ? shown.focus() : clients.openWindow(target)
}
