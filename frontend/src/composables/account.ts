import type { Problem } from '@/api/problem'
import { atLeast, atMost, type Rule } from './form'

const { username, password, email } = __REGISTRATION__
const usernamePattern = new RegExp(username.pattern)
const emailPattern = new RegExp(email.pattern)
export const shortestPassword = password.minLength

export const usernameForm: Rule<string> = (value) => {
  const name = value.trim()
  const length = [...name].length
  return length >= username.minLength && length <= username.maxLength && usernamePattern.test(name)
    ? null
    : { key: 'fields.username' }
}

/** An address, or nothing. */
export const emailForm: Rule<string> = (value) =>
  !value.trim() || (emailPattern.test(value.trim()) && value.length <= email.maxLength)
    ? null
    : { key: 'fields.email' }

/** Long enough, and not the user name. */
export const passwordRules = (usernameOf: () => string): Rule<string>[] => [
  atLeast(shortestPassword),
  atMost(password.maxLength),
  (value) =>
    value.toLowerCase() === usernameOf().trim().toLowerCase() ? { key: 'fields.password-is-username' } : null,
]

/** The rules of accounts that concern one field are told at that field. */
export function accountField(name: string, problem: Problem): string {
  if (problem.rule === 'username-taken') return 'username'
  if (problem.rule === 'email-taken') return 'email'
  return name
}
