import type { Request } from 'express'
import { ENDPOINTS, isProblem } from '../express/endpoints.js'
import type { Problem } from '../express/problem.js'
import type { Standing } from '../express/standing.js'
import { qrCodeDataUrl } from '../qr.js'
import type { FreshAuthenticator, SetupLocals } from './locals.js'
import { askedCode } from './asked-code.js'
import { showCodes } from './codes.js'
import type { Visit } from './visit.js'

/** Where a person adds an authenticator. */
export function showSetup(visit: Visit, standing: Standing): Promise<void> {
  if (asksCode(visit, standing)) return show(visit, { step: 'show_code' })
  return isOwnNavigation(visit) ? begin(visit) : show(visit, { step: 'begin' })
}

/** The form before it: with a code, where a code is asked for. */
export async function beginSetup(visit: Visit, standing: Standing): Promise<void> {
  const problem = asksCode(visit, standing) ? await visit.showCode() : undefined
  if (problem) await show(visit, { step: 'show_code', problem: visit.problem(problem) })
  else await begin(visit)
}

/** A further authenticator opens the account for good. */
const asksCode = (visit: Visit, standing: Standing): boolean =>
  standing.status.enabled && askedCode(visit, standing).dangerous

/** The first code was sent: backup codes, or the form again and why. */
export async function confirmSetup(visit: Visit): Promise<void> {
  const answer = await visit.call(ENDPOINTS.confirm)
  if (isProblem(answer)) return again(visit, answer)
  const returnTo = visit.returnTo(`${visit.base}/`)
  // No name is worth losing the codes for, which are shown now or never: there is one to begin with.
  if (visit.field('label').trim() !== '') await visit.call(ENDPOINTS.rename).catch(() => undefined)
  const { backupCodes } = answer.body ?? {}
  if (backupCodes) await showCodes(visit, { codes: backupCodes, returnTo })
  else visit.goTo(returnTo)
}

/**
 * A page that a person goes to begins at once. That it writes is why nobody else can make it do so: no picture, no
 * frame, no link of another site, no browser that looks ahead.
 */
function isOwnNavigation({ req }: Visit): boolean {
  const site = req.get('Sec-Fetch-Site') ?? (hasForeignReferer(req) ? 'cross-site' : 'none')
  const destination = req.get('Sec-Fetch-Dest') ?? 'document'
  const isAhead = req.get('Sec-Purpose') !== undefined || req.get('Purpose') !== undefined
  return (
    req.method === 'GET' && ['none', 'same-origin'].includes(site) && destination === 'document' && !isAhead
  )
}

/** Where browsers do not say whose link was followed. */
function hasForeignReferer(req: Request): boolean {
  const referer = req.get('Referer')
  return referer !== undefined && !(URL.canParse(referer) && new URL(referer).host === req.get('Host'))
}

async function begin(visit: Visit): Promise<void> {
  const answer = await visit.call(ENDPOINTS.enrol)
  if (!isProblem(answer)) {
    const { id, uri = '', qrCode = '' } = answer.body ?? { id: '' }
    await show(visit, { step: 'scan', authenticator: { id, key: keyOf(uri), uri, qrCode } })
  } else if (answer.code === 'too_many_authenticators') {
    const { message } = visit.problem(answer)
    const { setupTitle, goBack } = visit.messages
    await visit.notice(setupTitle, message, { path: `${visit.base}/`, text: goBack })
  } else {
    const own = { invalid_request: visit.messages.failed }
    await show(visit, { step: 'begin', problem: visit.problem(answer, own) })
  }
}

async function again(visit: Visit, problem: Problem): Promise<void> {
  const { messages } = visit
  // Sent twice: if there were codes, they were in the first answer, and nobody may have seen it.
  if (problem.code === 'already_verified') visit.goTo(`${visit.base}/?done=alreadyOn`)
  else if (['not_found', 'enrolment_expired'].includes(problem.code)) {
    const expired = { code: 'enrolment_expired' } as const
    await show(visit, { step: 'begin', problem: visit.problem(expired) })
  } else if (problem.code === 'fresh_second_factor_required') {
    await show(visit, { step: 'show_code', problem: visit.problem(problem) })
  } else {
    const authenticator = await sentBack(visit)
    await show(visit, {
      step: authenticator ? 'scan' : 'begin',
      authenticator,
      label: visit.field('label'),
      problem: visit.problem(problem, { invalid_request: messages.notAFirstCode }),
    })
  }
}

/** Nothing of a secret is kept between two pages: what the first one has shown, its form sends back for the second. */
async function sentBack(visit: Visit): Promise<FreshAuthenticator | undefined> {
  const uri = visit.field('uri')
  if (!KEY_URI.test(uri)) return undefined
  const id = String(visit.req.params['id'])
  const standing = await visit.standing()
  // It takes its time to draw, and is not drawn for everybody who asks.
  if (!standing?.status.authenticators.some((one) => one.id === id && !one.verified)) return undefined
  return { id, key: keyOf(uri), uri, qrCode: qrCodeDataUrl(uri) }
}

/** As `POST /totp` makes them; no more than fits into a QR code. */
const KEY_URI = /^otpauth:\/\/totp\/[\x21-\x7e]{1,2000}$/

/** The key in groups of four, as people read and type it. */
const keyOf = (uri: string): string =>
  (/[?&]secret=([A-Z2-7]+)/.exec(uri)?.[1] ?? '').replace(/.{4}(?=.)/g, '$& ')

function show(visit: Visit, own: Pick<SetupLocals, 'step'> & Partial<SetupLocals>): Promise<void> {
  const returnTo = visit.returnTo(`${visit.base}/`)
  return visit.show('setup', { authenticator: undefined, label: '', problem: undefined, returnTo, ...own })
}
