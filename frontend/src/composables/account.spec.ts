import { describe, expect, it } from 'vitest'
import { emailForm, passwordRules, usernameForm } from './account'

describe('an account', () => {
  it('has a user name in any script', () => {
    for (const name of ['amina', 'يوسف', 'प्रेमचंद', '山田太郎', 'a.b-c_9'])
      expect(usernameForm(name)).toBeNull()
    for (const name of ['ab', '.abc', 'abc-', 'a b c', 'a@b.example', 'x'.repeat(41)])
      expect(usernameForm(name)).not.toBeNull()
  })

  it('may have an e-mail address', () => {
    expect(emailForm('')).toBeNull()
    expect(emailForm('a@b.example')).toBeNull()
    for (const wrong of ['a', 'a@b', 'a b@c.de', '<a@b.de>']) expect(emailForm(wrong)).not.toBeNull()
  })

  it('has a password of ten characters that is not the user name', () => {
    const wrong = (password: string, username = 'amina') =>
      passwordRules(() => username).some((rule) => rule(password) !== null)
    expect(wrong('correct horse')).toBe(false)
    expect(wrong('short')).toBe(true)
    expect(wrong('Amina-Diallo', 'amina-diallo')).toBe(true)
  })
})
