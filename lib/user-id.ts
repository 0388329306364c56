export const USER_ID_LENGTH = 255

/** True for what can be the id of a user: every storage has to keep apart all of them, and no others. */
export const isUserId = (userId: unknown): userId is string =>
  typeof userId === 'string' &&
  userId !== '' &&
  userId.length <= USER_ID_LENGTH &&
  // Encoders replace half characters, decoders what is no text by U+FFFD, and two users would become one.
  // A NUL is the end of a text to some, and refused by others.
  !/\p{Cs}|[\0\ufffd]/u.test(userId)
