import createClient from 'openapi-fetch'
import { fetchWithAccess } from './access'
import type { paths } from './schema'

/** The library's API, typed by its OpenAPI document. Addresses are used once, so nothing stale is shown after a change. */
export const api = createClient<paths>({ baseUrl: '/', fetch: fetchWithAccess, cache: 'no-cache' })
