import { expectCode } from './codes.js'
import { type Expected, markOf, missing, only, type Session, type Situation } from './expected.js'
import { expectOfRouter } from './router-expectations.js'
import { type Answer, membersOf } from './wire.js'

/** What may be answered to a request, whoever sent it. */
export function expectation(situation: Situation): Expected {
  const { sent, session, person } = situation
  const name = String(sent.members['name'])
  switch (sent.route) {
    case 'POST /login':
      return {
        outcomes: ['204'],
        succeed: () => ({ user: name }),
        renews: true,
      }
    case 'POST /login/keeping':
      return {
        outcomes: ['204'],
        succeed: () => ({ user: name, mark: name === session.user ? session.mark : undefined }),
        renews: true,
      }
    case 'POST /logout':
    case 'POST /logout/keeping':
      return { outcomes: ['204'], succeed: () => ({}) }
    case 'GET /whoami':
      return { outcomes: ['200'], succeed: (answer) => checkWhoAmI(situation, answer) }
    case 'GET /private':
      return isIn(situation)
        ? { outcomes: ['200'], succeed: (answer) => checkPrivate(session, answer) }
        : only('401')
    case 'POST /login/2fa':
      return expectOfStrategy(situation)
    default:
  }
  if (sent.foreign && sent.route !== 'POST /transfer') return only('403 cross_site_request')
  if (!person) return only('401 not_authenticated')
  if (sent.outage) return only('503 unavailable')
  const known = { ...situation, person }
  if (sent.route === 'POST /transfer') return missing(known, 300) ?? only('200')
  return expectOfRouter(known)
}

/** Whether the application's own guard lets this session pass. */
function isIn({ sent, session, person, now }: Situation): boolean {
  if (!person || sent.outage) return false
  return !person.enrolled || markOf(session, person, now) !== undefined
}

function checkWhoAmI(situation: Situation, answer: Answer): Session {
  const { authenticated } = membersOf(answer)
  if (authenticated !== isIn(situation)) throw new Error(`isAuthenticated() is ${String(authenticated)}.`)
  return situation.session
}

function checkPrivate(session: Session, answer: Answer): Session {
  const { user, session: content } = membersOf(answer) as {
    user: { id: string }
    session: { secondFactor?: { userId: string } }
  }
  const { secondFactor: mark } = content
  if (user.id !== session.user || (mark && mark.userId !== user.id)) throw new Error('Somebody else is in.')
  return session
}

/** Passport answers with the status alone. */
function expectOfStrategy(situation: Situation): Expected {
  const { sent, person } = situation
  if (sent.foreign) return only('403')
  if (!person) return only('401')
  if (sent.outage) return only('503')
  const expected = expectCode({ ...situation, person })
  return { ...expected, outcomes: expected.outcomes.map((outcome) => outcome.slice(0, 3)) }
}
