import { answer } from '@/api/access'
import { api } from '@/api/client'

/** Has a link mailed by which a forgotten password is replaced. The answer is the same whether there is an account. */
export const askForReset = (login: string) =>
  answer(api.POST('/api/auth/password/forgot', { body: { login } }))

/** Sets a new password by the token of that link. */
export const resetPassword = (token: string, password: string) =>
  answer(api.POST('/api/auth/password/reset', { body: { token, password } }))
