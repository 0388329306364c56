import type { Route } from './steps.js'
import { parsed, type WireRequest } from './wire.js'

/** A request with everything that the model has to know of it. */
export interface Sent extends WireRequest {
  readonly route: Route
  readonly id: string | undefined
  /** The session cookie. */
  readonly session: string | undefined
  /** The tokens of trusted browsers, by cookie name. */
  readonly tokens: ReadonlyMap<string, string>
  /** The body's own members, as the README says that bodies are read; none where it cannot be read so. */
  readonly members: Readonly<Record<string, unknown>>
  /** Whether anything about its form may be a reason to refuse it. */
  readonly clean: boolean
  /** Another site's page made a browser send it. */
  readonly foreign: boolean
  /** The storage is away meanwhile. */
  readonly outage: boolean
}

/** The members of a body that is JSON, or a form where each name stands once. */
export function readMembers(contentType: string, text: string): Readonly<Record<string, unknown>> {
  if (contentType === 'application/json') {
    const body = parsed(text)
    return typeof body === 'object' && body !== null && !Array.isArray(body) ? { ...body } : {}
  }
  if (contentType !== 'application/x-www-form-urlencoded') return {}
  const form = new URLSearchParams(text)
  const names = [...new Set(form.keys())].filter((name) => form.getAll(name).length === 1)
  return Object.fromEntries(names.map((name) => [name, form.get(name)]))
}

/** By the headers that browsers send along, whatever else they say. */
export function isForeign(method: string, headers: Readonly<Record<string, string>>): boolean {
  if (method === 'GET') return false
  const { 'Sec-Fetch-Site': site, Origin: origin, Host: host } = headers
  if (site !== undefined) return site !== 'same-origin' && site !== 'none'
  return origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== host)
}
