export { type ConformanceRunner, type CreateStorage, storageConformance } from './storage-conformance.js'
export { TestAuthenticator } from './test-authenticator.js'
