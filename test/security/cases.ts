/** The ways to something that an attack can take, as titles carry them in square brackets. */
export const PATHS = [
  'service',
  'Router',
  'strategy',
  'sessionless strategy',
  'step-up',
  'pages',
  'Stytch',
  'Clerk',
  'Logto',
  'enrolment',
  'hold',
  'trusted device',
  'storage',
] as const

export type Path = (typeof PATHS)[number]

/** Something that went wrong elsewhere, or that a library underneath does wrong: what has to hold here. */
export interface SecurityCase {
  /** `C`: faults of other systems. `B`: faults of speakeasy. `P`: traps of Passport and of sessions. */
  readonly id: string
  readonly holds: string
  /** Where it has to be held by a test; nowhere in particular when there are none. */
  readonly paths: readonly Path[]
}

/** Every way to show a code of an enrolled user that is a request, with an address and a body. */
const REQUEST_PATHS = [
  'Router',
  'strategy',
  'sessionless strategy',
  'step-up',
  'pages',
  'Stytch',
  'Clerk',
  'Logto',
] as const
/** Every way to show a code of an enrolled user. */
const CODE_PATHS = ['service', ...REQUEST_PATHS] as const
/** Every way on which a guess costs something. */
const GUESS_PATHS = [...CODE_PATHS, 'enrolment'] as const
/** Every way that renews a session. */
const MARKING_PATHS = [
  'Router',
  'strategy',
  'step-up',
  'pages',
  'Logto',
  'enrolment',
  'trusted device',
] as const

const of = (id: string, holds: string, ...paths: readonly Path[]): SecurityCase => ({ id, holds, paths })

/** All of them, in the order of their numbers. */
export const CASES: readonly SecurityCase[] = [
  of(
    'C1',
    'The first factor alone leaves nothing that a guard would take for both.',
    'Router',
    'strategy',
    'hold',
    'trusted device',
  ),
  of(
    'C2',
    'Guesses are counted for the account, however many addresses they come from.',
    ...REQUEST_PATHS,
    'enrolment',
  ),
  of('C3', 'A backup code that was taken is spent.', ...CODE_PATHS),
  of(
    'C4',
    'Of parallel uses of one backup code exactly one counts, on every storage.',
    ...CODE_PATHS,
    'storage',
  ),
  of(
    'C5',
    'That race is lost on the side roads too; what takes no backup code spends none.',
    ...REQUEST_PATHS,
    'enrolment',
  ),
  of('C6', 'No session, login or lapse of time makes a spent backup code good again.', ...CODE_PATHS),
  of('C7', 'The race is lost by sessions that know nothing of each other.', ...REQUEST_PATHS),
  of('C8', 'A TOTP code counts once within its time step.', ...GUESS_PATHS),
  of('C9', 'It does not count again in the next step, which the window would still allow.', ...GUESS_PATHS),
  of('C10', 'After so many wrong codes nothing is looked at, the right code included.', ...GUESS_PATHS),
  of('C11', 'Secrets have 160 bits; shorter than 128 come in by an import alone, and are called weak.'),
  of('C12', 'A TOTP code counts once, whoever brings it back.', ...GUESS_PATHS),
  of(
    'C13',
    'Nothing that is kept, told or sent holds a password, a secret or a code.',
    'Router',
    'strategy',
    'step-up',
    'enrolment',
    'trusted device',
    'storage',
  ),
  of(
    'C14',
    'What belongs to one account opens no other, and is not spent by the attempt.',
    ...GUESS_PATHS,
    'trusted device',
    'storage',
  ),
  of('C15', 'No failing write takes a charged guess back.', ...GUESS_PATHS),
  of('C16', 'What a client says of its own address changes nothing.', ...REQUEST_PATHS, 'enrolment'),
  of(
    'C17',
    'A session that owes the second factor is nobody, to everything but the showing of it.',
    'Router',
    'sessionless strategy',
    'enrolment',
    'hold',
  ),
  of(
    'C18',
    'Where the counter cannot be kept, no code is looked at and nobody is let in.',
    ...GUESS_PATHS,
    'hold',
    'trusted device',
  ),
  of(
    'C19',
    'Changing the second factor takes the second factor, shown just now.',
    'service',
    'Router',
    'enrolment',
    'trusted device',
  ),
  of('C20', 'Of parallel recoveries with one code exactly one succeeds.', ...CODE_PATHS, 'storage'),
  of('C21', 'Secrets and codes are made here, whatever a client proposes.', 'Router', 'enrolment'),
  of('C22', 'A TOTP code that somebody has watched being typed is worth nothing.', ...GUESS_PATHS),
  of('C23', 'Every way in keeps the same account of used TOTP codes.', ...GUESS_PATHS),
  of(
    'C24',
    'Of parallel uses of one TOTP code exactly one counts, and none stays unrecorded.',
    ...GUESS_PATHS,
    'storage',
  ),
  of('C25', 'Signing in again, in this process or another, forgives no guess.', ...GUESS_PATHS),
  of('C26', 'A hundred sessions have no more guesses than one, and the owner hears of it.', ...CODE_PATHS),
  of(
    'C27',
    'When the second factor changes, what it opened elsewhere is closed.',
    'service',
    'Router',
    'enrolment',
    'trusted device',
  ),
  of(
    'C28',
    'A storage that answers anything but what it must is a refusal.',
    ...GUESS_PATHS,
    'hold',
    'trusted device',
    'storage',
  ),
  of('C29', 'Showing the second factor changes the session id, and the old one is dead.', ...MARKING_PATHS),
  of('C30', 'A used TOTP code stays used, between the check and the record of it too.', ...GUESS_PATHS),
  of('C31', 'Members of a body that nobody asked for do nothing.', ...REQUEST_PATHS, 'enrolment'),
  of('C32', 'No code is no code: absent, empty and blank are refused.', ...GUESS_PATHS),
  of(
    'C33',
    'A secret stands in the one answer to the POST that made it, which nobody stores.',
    'Router',
    'enrolment',
  ),
  of(
    'C34',
    'One factor shown twice is one factor, and a mark says what was shown.',
    'Router',
    'strategy',
    'sessionless strategy',
    'enrolment',
    'trusted device',
  ),
  of('C35', 'A lock holds on every way in.', ...GUESS_PATHS),
  of('C36', 'A right code forgives its own user, and nobody else.', ...CODE_PATHS),
  of(
    'C37',
    'Enrolling further, and taking away, is for who has shown the second factor, and for their own things.',
    'service',
    'Router',
    'enrolment',
    'trusted device',
  ),
  of('C38', 'No step up to the last used one counts again, however wide the window.', ...CODE_PATHS),
  of(
    'C39',
    'Without a user, an enrolment or a key there is nothing that could be right.',
    ...CODE_PATHS,
    'enrolment',
    'trusted device',
  ),
  of('C40', 'A code is a text of exactly so many ASCII digits: nothing is coerced.', ...GUESS_PATHS),
  of(
    'C41',
    'Whatever JSON stands in place of a code is refused as such, and never an error of the server.',
    ...GUESS_PATHS,
    'trusted device',
  ),
  of('C42', 'Two users whose codes happen to be equal are both let in.', ...CODE_PATHS),
  of('C43', 'Two different right codes at once both count.', ...CODE_PATHS, 'storage'),
  of('B1', 'The window is a number of steps, and nothing that becomes one.'),
  of('B2', 'Only the exact digits are compared, never what parses to the same number.'),
  of('B3', 'Secrets are whole random bytes.'),
  of('B4', 'A secret that is empty or cannot be read is an error or matches nothing, and is no key.'),
  of('B5', 'Codes are compared in constant time, and all of the window is.'),
  of('B6', 'The time step itself is known, so that it can be spent.'),
  of('B7', 'Steps from 2^31 on match nothing, as their codes would be wrong.'),
  of('B8', 'Key URIs read back as the names that went in, and go to no third party.'),
  of('B9', 'Secrets are bytes, the same for the key URI and for the comparison.'),
  of('B10', 'What is undefined is refused by its own name.'),
  of('P1', 'In an array of strategies, which is an OR, one factor signs nobody in.', 'strategy'),
  of('P2', 'A mark that was carried into another login counts for nobody.', 'Router', 'strategy'),
  of(
    'P3',
    'The mark is stored before the answer, under the new id alone, and no late request revives the old.',
    ...MARKING_PATHS,
  ),
  of(
    'P4',
    'Without a session that can be renewed there is an error that says so, and no pass.',
    'Router',
    'strategy',
    'hold',
  ),
  of('P5', 'Sessions are tested on the real connect-redis, over a client that it takes.'),
]
