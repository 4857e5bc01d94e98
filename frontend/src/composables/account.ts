import type { Problem } from '@/api/problem'
import { atLeast, type Rule } from './form'

// The same forms as the API's.
const username = /^[\p{L}\p{M}\p{N}_](?:[\p{L}\p{M}\p{N}_.-]*[\p{L}\p{M}\p{N}_])?$/u
const email = /^[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;.]+$/

export const usernameForm: Rule<string> = (value) => {
  const name = value.trim()
  const length = [...name].length
  return length >= 3 && length <= 40 && username.test(name) ? null : { key: 'fields.username' }
}

/** An address, or nothing. */
export const emailForm: Rule<string> = (value) =>
  !value.trim() || (email.test(value.trim()) && value.length <= 254) ? null : { key: 'fields.email' }

/** Ten characters at least, and not the user name. */
export const passwordRules = (usernameOf: () => string): Rule<string>[] => [
  atLeast(10),
  (value) =>
    value.toLowerCase() === usernameOf().trim().toLowerCase() ? { key: 'fields.password-is-username' } : null,
]

/** The rules of accounts that concern one field are told at that field. */
export function accountField(name: string, problem: Problem): string {
  if (problem.rule === 'username-taken') return 'username'
  if (problem.rule === 'email-taken') return 'email'
  return name
}
