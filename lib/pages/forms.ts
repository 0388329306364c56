import { ENDPOINTS, type Endpoint } from '../express/endpoints.js'
import type { ManageForm } from './locals.js'
import type { PageMessages } from './messages/en.js'

interface Form {
  readonly path: string
  readonly endpoint: Endpoint
  /** It takes something away: a code is asked for in place, however fresh the session is. */
  readonly dangerous?: true
  /** What is said once it has been done. */
  readonly done?: keyof PageMessages
}

/** What the page that manages the second factor can be asked to do. */
export const FORMS: Readonly<Record<ManageForm, Form>> = {
  rename: { path: '/authenticators/:id/rename', endpoint: ENDPOINTS.rename, done: 'renamed' },
  remove: {
    path: '/authenticators/:id/remove',
    endpoint: ENDPOINTS.removeAuthenticator,
    dangerous: true,
    done: 'removed',
  },
  newCodes: { path: '/codes', endpoint: ENDPOINTS.generateBackupCodes, dangerous: true },
  saveCodes: { path: '/codes/:id', endpoint: ENDPOINTS.confirmBackupCodes, done: 'codesReplaced' },
  forget: { path: '/browsers/:id/forget', endpoint: ENDPOINTS.revokeTrustedDevice, done: 'forgotten' },
  forgetAll: { path: '/browsers/forget', endpoint: ENDPOINTS.revokeTrustedDevices, done: 'forgotten' },
  turnOff: { path: '/off', endpoint: ENDPOINTS.turnOff, dangerous: true, done: 'turnedOff' },
}

/** Where a form is sent, below where the pages are mounted. */
export const pathOf = (form: ManageForm, id = ''): string =>
  FORMS[form].path.replace(':id', encodeURIComponent(id))
