/** No second factor at all. */
export const FLOOR = 'floor'
export const ON_REDIS = 'express-2fa, Redis'
export const ON_POSTGRES = 'express-2fa, PostgreSQL'
export const TWO_PROCESSES = 'express-2fa, Redis, two processes'
