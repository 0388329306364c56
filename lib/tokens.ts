import { randomBytes } from 'node:crypto'

/** A fresh random value: a revision, an epoch, an id. 96 bits, so none ever comes twice. */
export const newToken = (): string => randomBytes(12).toString('base64url')
