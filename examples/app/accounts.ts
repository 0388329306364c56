import { randomBytes, randomUUID, scrypt, type ScryptOptions, timingSafeEqual } from 'node:crypto'

/** A user of the application. The id is random and never changes; a name may be given up, and taken by somebody else. */
export interface Account {
  readonly id: string
  readonly username: string
}

export type StoredAccount = Account & { readonly passwordHash: string }

/** Where accounts live. */
export interface Accounts {
  /** False when the name is taken. */
  insert(account: StoredAccount): Promise<boolean>
  byId(id: string): Promise<StoredAccount | undefined>
  byUsername(username: string): Promise<StoredAccount | undefined>
}

/** Make an account, or say why not. */
export async function signUp(
  accounts: Accounts,
  username: unknown,
  password: unknown,
): Promise<{ readonly account: Account } | { readonly refusal: string }> {
  const name = readUsername(username)
  if (name === undefined) return { refusal: 'Choose a name of 1 to 64 characters.' }
  if (!isPassword(password) || password.length < 8)
    return { refusal: 'Choose a password of 8 to 256 characters.' }
  const account = { id: randomUUID(), username: name }
  const inserted = await accounts.insert({ ...account, passwordHash: await hash(password) })
  return inserted ? { account } : { refusal: 'This name is taken.' }
}

/** The account whose password this is. A real application limits guesses here too. */
export async function checkPassword(
  accounts: Accounts,
  username: unknown,
  password: unknown,
): Promise<Account | undefined> {
  const name = readUsername(username)
  if (name === undefined || !isPassword(password)) return undefined
  const account = await accounts.byUsername(name)
  // A name that nobody has costs the same time, so that the clock does not tell.
  const [salt = '', expected = ''] = (account?.passwordHash ?? NOBODY).split('.')
  const right = timingSafeEqual(await derive(password, salt), Buffer.from(expected, 'base64url'))
  return right ? account : undefined
}

/** The one way to write a name: two that look alike are one. */
function readUsername(username: unknown): string | undefined {
  if (typeof username !== 'string') return undefined
  const name = username.normalize('NFKC').trim().toLowerCase()
  return /^\P{C}{1,64}$/u.test(name) ? name : undefined
}

const isPassword = (password: unknown): password is string =>
  typeof password === 'string' && password.length <= 256

async function hash(password: string): Promise<string> {
  const salt = randomBytes(16).toString('base64url')
  return `${salt}.${(await derive(password, salt)).toString('base64url')}`
}

/** OWASP's parameters for scrypt: 32 MiB, three times. */
const COST: ScryptOptions = { N: 2 ** 15, r: 8, p: 3, maxmem: 64 * 2 ** 20 }
const HASH_BYTES = 32
const NOBODY = `nobody.${Buffer.alloc(HASH_BYTES).toString('base64url')}`

function derive(password: string, salt: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, HASH_BYTES, COST, (error, key) => {
      if (error) reject(error)
      else resolve(key)
    })
  })
}
