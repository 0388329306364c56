import { ENDPOINTS, isProblem } from '../express/endpoints.js'
import type { Standing } from '../express/standing.js'
import { askedCode } from './asked-code.js'
import { showCodes } from './codes.js'
import { FORMS, pathOf } from './forms.js'
import type { FailedForm, ManageForm } from './locals.js'
import type { PageMessages } from './messages/en.js'
import type { Visit } from './visit.js'

/** What the second factor consists of. */
export async function showManage(visit: Visit, standing: Standing, failed?: FailedForm): Promise<void> {
  const { enabled, authenticators, backupCodes } = standing.status
  const devices = enabled ? await visit.call(ENDPOINTS.listTrustedDevices) : undefined
  const trustedDevices = devices && !isProblem(devices) ? (devices.body ?? []) : []
  await visit.show('manage', {
    enabled,
    authenticators,
    backupCodes,
    trustedDevices,
    asksCode: askedCode(visit, standing),
    waitingCodes: waitingCodes(visit),
    done: doneMessage(visit),
    failed,
  })
}

/** A form was sent: do what it asks, or the page again and why not. */
export async function answerForm(visit: Visit, before: Standing, name: ManageForm): Promise<void> {
  const { endpoint, dangerous, done } = FORMS[name]
  const asksCode = askedCode(visit, before)[dangerous ? 'dangerous' : 'other']
  const refused = asksCode ? await visit.showCode() : undefined
  const answer = refused ?? (await visit.call(endpoint))
  if (answer === 'code_needed' || isProblem(answer)) {
    if (answer !== 'code_needed' && answer.code === 'not_authenticated') return visit.refuse(answer)
    const own = refused
      ? {}
      : { invalid_request: visit.messages.notAName, enrolment_expired: visit.messages.codesExpired }
    const problem = visit.problem(answer, own)
    const standing = (await visit.standing()) ?? before
    await showManage(visit, standing, { form: name, id: idOf(visit), label: visit.field('label'), problem })
    return
  }
  if (name === 'newCodes') {
    const { id, codes } = answer.body as { readonly id: string; readonly codes: readonly string[] }
    await showCodes(visit, {
      codes,
      returnTo: `${visit.base}/`,
      confirmPath: visit.base + pathOf('saveCodes', id),
    })
  } else visit.goTo(`${visit.base}/?done=${done}`)
}

const idOf = ({ req }: Visit): string => String(req.params['id'] ?? '')

/** Codes whose owner had to sign in, or to show a code, on the way to confirming that they are saved. */
function waitingCodes({ req }: Visit): string | undefined {
  const { save } = req.query
  return typeof save === 'string' && /^[\w-]{1,64}$/.test(save) ? save : undefined
}

/** What a form has left in the address: the name of a message, and of no other. */
function doneMessage({ req, messages }: Visit): string | undefined {
  const names: readonly (keyof PageMessages)[] = [
    'alreadyOn',
    ...Object.values(FORMS).flatMap(({ done }) => (done === undefined ? [] : [done])),
  ]
  const name = names.find((known) => known === req.query['done'])
  return name && messages[name]
}
