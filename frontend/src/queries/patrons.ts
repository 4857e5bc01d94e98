import { useQuery } from '@pinia/colada'
import { toValue, type MaybeRefOrGetter } from 'vue'
import { answer } from '@/api/access'
import { api } from '@/api/client'
import { deed } from '@/api/deeds'
import type { Happening, Invitation, Newcomer, Patron, PatronChange } from '@/api/models'
import { problemIn, type Problem } from '@/api/problem'
import { loansKey } from './circulation'
import { useListing } from './listing'
import { useRefresh } from './refresh'

const patronsKey = ['patrons']
const invitationsKey = ['invitations']

interface PatronFilter {
  q?: string
  group?: string
  suspended?: boolean
}

/** Patrons by name: all, those of a group, or those whom some words find. */
export const usePatrons = (filter: MaybeRefOrGetter<PatronFilter>) =>
  useListing<Patron>({
    key: () => [...patronsKey, 'list', { ...toValue(filter) }],
    page: (cursor) =>
      answer(api.GET('/api/patrons', { params: { query: { ...toValue(filter), cursor, limit: 50 } } })),
  })

export const usePatron = (id: MaybeRefOrGetter<string>) =>
  useQuery({
    key: () => [...patronsKey, toValue(id)],
    query: () =>
      answer(api.GET('/api/patrons/{patron_id}', { params: { path: { patron_id: toValue(id) } } })),
  })

/** A patron of whom a link gives the id. */
export const fetchPatron = (id: string) =>
  answer(api.GET('/api/patrons/{patron_id}', { params: { path: { patron_id: id } } }))

/** Everything the library keeps about who asks. */
export const fetchOwnData = () => answer(api.GET('/api/me/export'))

/** Invitations nobody has accepted yet. */
export const useInvitations = () =>
  useListing<Invitation>({
    key: invitationsKey,
    page: (cursor) =>
      answer(api.GET('/api/patrons/invitations', { params: { query: { cursor, limit: 50 } } })),
  })

/** Somebody with a password that was made up for them, which is told only once. */
export interface Card {
  name: string
  username: string
  password: string
}

/** What became of a line of a CSV; `password` where one was made up. */
export interface LineResult {
  row: number
  name: string
  username: string | null
  password: string | null
  problem: Problem | null
}

/** What became of those who leave. */
export interface Departures {
  left: number
  loansEnded: number
  problems: Problem[]
}

/** What the librarian does with patrons. */
export function usePatronDesk() {
  const refresh = useRefresh()

  async function changed<T>(call: Promise<T>, ...keys: string[][]): Promise<T> {
    try {
      return await call
    } finally {
      for (const key of [patronsKey, ...keys]) refresh(key)
    }
  }

  const path = (patron_id: string) => ({ params: { path: { patron_id } } })

  return {
    async add(body: Newcomer): Promise<Card & { id: string }> {
      const added = await changed(
        deed(`add ${JSON.stringify(body)}`, (header) =>
          answer(api.POST('/api/patrons', { params: { header }, body })),
        ),
      )
      return {
        id: added.id ?? '',
        name: added.name ?? '',
        username: added.username ?? '',
        password: added.password ?? '',
      }
    },

    /**
     * Adds those of a CSV from a line on, as many as one call has time for. `next` is the line to go on with, or null;
     * `passedOver` are the columns that say nothing to the library.
     */
    async addLines(csv: string, from_row: number) {
      const added = await changed(answer(api.POST('/api/patrons', { body: { csv, from_row } })))
      const results = (added.results ?? []).map(
        ({ row, ok, name, username, password, problem }): LineResult => ({
          row,
          name: name ?? '',
          username: username ?? null,
          password: password ?? null,
          problem: ok ? null : problemIn(problem),
        }),
      )
      return { results, next: added.next_row ?? null, passedOver: added.columns_passed_over ?? [] }
    },

    change: (id: string, body: PatronChange) =>
      changed(answer(api.PATCH('/api/patrons/{patron_id}', { ...path(id), body })), loansKey),

    async givePassword(id: string): Promise<string> {
      return (await answer(api.POST('/api/patrons/{patron_id}/password', path(id)))).password
    },

    erase: (id: string) => changed(answer(api.DELETE('/api/patrons/{patron_id}', path(id))), loansKey),

    /** Everybody of a group leaves, a part at a time. */
    async leave(group: string, end_loans: boolean): Promise<Departures> {
      const all: Departures = { left: 0, loansEnded: 0, problems: [] }
      const some = async (cursor: string | null): Promise<string | null> => {
        const body = { group, end_loans, cursor }
        const { results, next_cursor } = await changed(
          answer(api.POST('/api/patrons/leavers', { body })),
          loansKey,
        )
        for (const { ok, loans_ended, problem } of results) {
          if (ok) all.left += 1
          else all.problems.push(problemIn(problem))
          all.loansEnded += loans_ended ?? 0
        }
        return next_cursor
      }
      let next = await some(null)
      while (next) next = await some(next)
      return all
    },

    /** The address at which the invitation is accepted, told only now. */
    async invite(body: { email: string | null; name: string | null; expires_in_days: number }) {
      return (await changed(answer(api.POST('/api/patrons/invitations', { body })), invitationsKey)).url
    },

    withdraw: (invitation_id: string) =>
      changed(
        answer(
          api.DELETE('/api/patrons/invitations/{invitation_id}', { params: { path: { invitation_id } } }),
        ),
        invitationsKey,
      ),
  }
}

/** Which part of the trail: what happened to a thing, what somebody did, or what of a kind. */
interface TrailFilter {
  subject?: string
  actor?: string
  kind?: string
}

/** Who did what, newest first. */
export const useTrail = (filter: MaybeRefOrGetter<TrailFilter>) =>
  useListing<Happening>({
    key: () => ['audit', { ...toValue(filter) }],
    page: (cursor) =>
      answer(api.GET('/api/audit', { params: { query: { ...toValue(filter), cursor, limit: 50 } } })),
  })
