import { fetchPushKey, subscribe, unsubscribe } from '@/queries/reminders'

export type PushState = 'on' | 'off' | 'denied' | 'none'

const worker = '/sw.js'

const canPush = () => 'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window

async function subscription() {
  const registration = await navigator.serviceWorker.getRegistration(worker)
  return (await registration?.pushManager.getSubscription()) ?? null
}

/** Whether this browser shows pushes: it may be unable to, or be set to refuse them. */
export async function pushState(): Promise<PushState> {
  if (!canPush()) return 'none'
  if (Notification.permission === 'denied') return 'denied'
  return (await subscription()) ? 'on' : 'off'
}

/** The bytes of a key that is written as base64url (RFC 4648). */
export function bytesOf(base64url: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64url.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0))
}

/** Asks the person, and has this browser show pushes. */
export async function startPush(): Promise<PushState> {
  if (!canPush()) return 'none'
  // Asked for first: a browser counts this as an answer to the press of the button only for a moment.
  if ((await Notification.requestPermission()) !== 'granted')
    return Notification.permission === 'denied' ? 'denied' : 'off'
  await navigator.serviceWorker.register(worker)
  const { pushManager } = await navigator.serviceWorker.ready
  const made = await pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: bytesOf(await fetchPushKey()),
  })
  const { endpoint, keys } = made.toJSON()
  await subscribe(endpoint ?? '', { p256dh: keys?.p256dh ?? '', auth: keys?.auth ?? '' })
  return 'on'
}

/** Has this browser show no more pushes. */
export async function stopPush(): Promise<PushState> {
  const kept = await subscription()
  if (kept) {
    await unsubscribe(kept.endpoint)
    await kept.unsubscribe()
  }
  return 'off'
}
