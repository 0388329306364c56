import { ENDPOINTS, isProblem } from '../express/endpoints.js'
import type { Problem } from '../express/problem.js'
import type { Standing } from '../express/standing.js'
import type { Visit } from './visit.js'

/** Where a person shows the second factor: after signing in, or once more before something that matters. */
export function showChallenge(visit: Visit, standing: Standing): Promise<void> | void {
  if (standing.status.enabled) return show(visit, standing)
  if (visit.req.secondFactor?.state === 'must_enrol') {
    visit.goFirstTo(`${visit.base}/setup`, visit.returnTo())
  } else visit.goTo(visit.returnTo())
}

/** A code was sent: on to where the person wanted to go, or the form again and why. */
export async function answerChallenge(visit: Visit, before: Standing): Promise<void> {
  const answer = await visit.call(ENDPOINTS.verify)
  const isIn = !isProblem(answer) || answer.code === 'not_enrolled' || wasLetIn(visit, answer, before)
  if (isIn) visit.goTo(visit.returnTo())
  else await show(visit, before, answer)
}

/** Of two tabs with the same page the second one's code is used already. Its person was let in by the first. */
function wasLetIn(visit: Visit, { code }: Problem, { mark }: Standing): boolean {
  const shownAt = shownAtOf(visit)
  return code === 'invalid_code' && mark !== undefined && shownAt !== undefined && mark.at > shownAt
}

/** When the form was first shown, as it says itself. */
function shownAtOf(visit: Visit): number | undefined {
  const shownAt = visit.field('shownAt')
  return /^[1-9]\d{0,15}$/.test(shownAt) ? Number(shownAt) : undefined
}

function show(visit: Visit, { status }: Standing, problem?: Problem): Promise<void> {
  const { messages, req, site } = visit
  const wanted = req.method === 'POST' ? visit.field('method') : req.query['method']
  const method = wanted === 'backup_code' ? 'backup_code' : 'totp'
  const own = method === 'backup_code' ? { invalid_code: messages.wrongBackupCode } : {}
  return visit.show('challenge', {
    returnTo: visit.returnTo(),
    method,
    trustSeconds: site.secondFactor.trustedDeviceSeconds,
    shownAt: shownAtOf(visit) ?? status.readAt,
    problem: problem && visit.problem(problem, own),
  })
}
