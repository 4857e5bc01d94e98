import { afterEach, describe, expect, it, vi } from 'vitest'
import { bytesOf, pushState, startPush } from './push'

const browser = (permission: string, answer = permission) => {
  vi.stubGlobal('PushManager', () => undefined)
  vi.stubGlobal('Notification', { permission, requestPermission: () => Promise.resolve(answer) })
  vi.stubGlobal('navigator', {
    serviceWorker: { getRegistration: () => Promise.resolve(undefined), register: vi.fn() },
  })
}

describe('pushes to this browser', () => {
  afterEach(() => vi.unstubAllGlobals())

  it('are known to be refused, off, or out of its reach', async () => {
    browser('denied')
    expect(await pushState()).toBe('denied')
    browser('default')
    expect(await pushState()).toBe('off')
    vi.stubGlobal('navigator', {})
    expect(await pushState()).toBe('none')
    expect(await startPush()).toBe('none')
  })

  it('begin only where the person says so', async () => {
    browser('default')
    expect(await startPush()).toBe('off')
    expect(navigator.serviceWorker.register).not.toHaveBeenCalled()
  })

  it('are signed with a key written as base64url', () => {
    expect([...bytesOf('-_8')]).toEqual([251, 255])
  })
})
