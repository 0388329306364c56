/** The first of these that is a text which says something; else the user's id. */
export const firstName = (candidates: readonly unknown[], userId: string): string =>
  candidates.find((name): name is string => typeof name === 'string' && name.trim() !== '') ?? userId
