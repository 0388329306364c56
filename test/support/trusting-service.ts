import { beforeEach } from 'mocha'
import { CountingStorage } from './counting-storage.js'
import { type CompletedEnrolment, enrolUser, newService, succeeded, type TestService } from './service.js'

export const NOT_FOUND = { ok: false, reason: 'not_found' }

/** A service for each test, in which Anna has enrolled. To be called where the suite is described. */
export function trustingService() {
  let storage: CountingStorage
  let service: TestService
  let anna: CompletedEnrolment

  /** Count and note from nought again. */
  const forget = () => {
    service.events.length = 0
    storage.reset()
  }
  beforeEach(async () => {
    storage = new CountingStorage()
    service = newService({ storage })
    anna = await enrolUser(service, 'anna')
    forget()
  })

  const bring = (token: string, userId = 'anna') => service.secondFactor.recogniseDevice(userId, token)
  return {
    storage: () => storage,
    service: () => service,
    anna: () => anna,
    now: () => service.clock.now(),
    forget,
    trust: async () => succeeded(await service.secondFactor.trustDevice('anna')),
    bring,
    /** Bring a token that is good, for the one that replaces it. */
    rotate: async (token: string) => String(succeeded(await bring(token)).next?.token),
    trustedIds: async () => (await service.secondFactor.trustedDevices('anna')).map(({ id }) => id),
    /** An event as the listener is told it. */
    told: (event: object) => ({ ...event, userId: 'anna', at: service.clock.now() }),
  }
}
