import { describe, expect, it } from 'vitest'
import { Problem, problemFrom, problemOf } from './problem'

const answer = (status: number, headers: Record<string, string> = {}) => ({
  status,
  headers: new Headers(headers),
})

describe('a problem', () => {
  it('takes the rule’s name from the end of its type, with its ways out', () => {
    const problem = problemFrom(answer(409), {
      type: 'https://carrel.example/problems/loan-limit-reached',
      title: 'A rule',
      status: 409,
      detail: '5 of 5',
      ways_out: [{ action: 'return', text: 'Return Emma', loan_id: 'l1' }],
    })
    expect(problem).toMatchObject({ status: 409, rule: 'loan-limit-reached', detail: '5 of 5' })
    expect(problem.waysOut[0]?.text).toBe('Return Emma')
  })

  it('carries the fields of an input that does not validate', () => {
    const errors = [{ field: 'email', message: 'Not an address', code: 'pattern' }]
    expect(problemFrom(answer(422), { type: 'x/invalid', title: '', errors }).fields).toEqual(errors)
  })

  it('says how long to wait where the library says so', () => {
    expect(problemFrom(answer(429, { 'Retry-After': '30' }), {}).retryAfter).toBe(30)
    expect(problemFrom(answer(503), {}).retryAfter).toBeNull()
  })

  it('makes the best of an answer that is no problem document', () => {
    for (const body of [null, undefined, '<html>Bad gateway</html>', { errors: 'no list' }])
      expect(problemFrom(answer(502), body)).toMatchObject({ status: 502, rule: '', fields: [], waysOut: [] })
  })

  it('calls a network failure unreachable and lets a fault in the app through', () => {
    expect(problemOf(new TypeError('Failed to fetch')).rule).toBe('unreachable')
    const own = new Problem(404, 'not-found', '', '')
    expect(problemOf(own)).toBe(own)
    expect(() => problemOf(new RangeError('bug'))).toThrow(RangeError)
  })
})
