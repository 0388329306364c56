/**
 * True for what the service takes as a user id: elsewhere such an id comes from the application, whose mistake a wrong
 * one is; here it comes from a client, and has to be refused.
 */
export const isUserId = (userId: string): boolean =>
  userId !== '' && userId.length <= 255 && !/\p{Cs}|[\0\ufffd]/u.test(userId)
