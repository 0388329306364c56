/**
 * A text member of a parsed body, its own. Whatever else stands there becomes the empty text, which every reader of
 * codes, ids and labels refuses as malformed.
 */
export function textMember(body: unknown, name: string): string {
  const value = hasMember(body, name) ? body[name] : undefined
  return typeof value === 'string' ? value : ''
}

/** True when the body has the member itself; a name that every object has is no input. */
export function hasMember(body: unknown, name: string): body is Readonly<Record<string, unknown>> {
  return typeof body === 'object' && body !== null && Object.hasOwn(body, name)
}

/** A yes or no: JSON's own, or what a form's checkbox sends. Absent is no; undefined is neither. */
export function flagMember(body: unknown, name: string): boolean | undefined {
  const value = hasMember(body, name) ? body[name] : false
  if ([true, 'true', 'on', '1'].includes(value as string | boolean)) return true
  return [false, 'false', '', '0'].includes(value as string | boolean) ? false : undefined
}
