/**
 * Whom the application has found, unless that is somebody else: databases find people by ids that are nearly right, and
 * each spelling would have a second factor of its own here. A user who says no id is taken as found.
 */
export function foundBy<User extends object>(userId: string, user: User | undefined): User | undefined {
  // Whatever else it returns is nobody: null, and true, among it.
  if (!user || typeof user !== 'object') return undefined
  const { user_id: own, id } = user as { user_id?: unknown; id?: unknown }
  const said = own ?? id
  const isId = typeof said === 'string' || typeof said === 'number' || typeof said === 'bigint'
  return isId && String(said) !== userId ? undefined : user
}
