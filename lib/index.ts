export type { Authority } from './core/authority.js'
export type { ThrottlePolicy } from './core/throttle.js'
export { SecondFactorError, type SecondFactorErrorCode } from './errors.js'
export type {
  CoreEvent,
  RequestOrigin,
  SecondFactorEvent,
  SecondFactorMethod,
  ShownMethod,
} from './events.js'
export {
  holdForSecondFactor,
  type HoldOptions,
  requireSecondFactor,
  type RequireOptions,
} from './express/guards.js'
export type { IdentityOptions } from './express/identity.js'
export { openApiDocument, type OpenApiDocument, type OpenApiOptions } from './express/openapi.js'
export type { Problem, ProblemCode } from './express/problem.js'
export type {
  BackupCodesResource,
  NewBackupCodesResource,
  StatusResource,
  TotpResource,
  TrustedDeviceResource,
  VerificationResource,
} from './express/resources.js'
export { safeReturnPath } from './express/return-path.js'
export { type RouterOptions, secondFactorRouter } from './express/router.js'
export type { SecondFactorMark } from './express/session.js'
export type { RequestSecondFactor, SecondFactorState } from './express/standing.js'
export type { BackupCodeOptions, SecondFactorOptions, TotpOptions } from './options.js'
export type {
  Authenticator,
  BackupCodes,
  ConfirmBackupCodesOutcome,
  ConfirmOutcome,
  EnrolOutcome,
  GenerateBackupCodesOutcome,
  ImportBackupCodesOutcome,
  ImportTotpOutcome,
  InvalidCode,
  InvalidRequest,
  Locked,
  NewAuthenticator,
  NewTrustedDevice,
  RecogniseOutcome,
  Refusal,
  RekeyOutcome,
  RemoveBackupCodesOutcome,
  RemoveOutcome,
  RenameOutcome,
  ResetOutcome,
  RevokeOutcome,
  SecondFactorStatus,
  TrustDeviceOutcome,
  TrustedDevice,
  Verification,
  VerifyOutcome,
} from './outcomes.js'
export {
  type TotpChallenge,
  type TotpInfo,
  TotpStrategy,
  type TotpStrategyOptions,
} from './passport/totp-strategy.js'
export type {
  AuthenticatorRecord,
  BackupCodeSetRecord,
  SecondFactorRecord,
  ThrottleState,
  TotpAlgorithm,
  TrustedDeviceRecord,
} from './record.js'
export { createSecondFactor } from './second-factor.js'
export type {
  ConfirmationOptions,
  DeviceDetails,
  EnrolmentDetails,
  OperationOptions,
  SecondFactor,
  VerificationOptions,
} from './service.js'
export type { StorageAdapter, StoredEntry } from './storage/adapter.js'
export { MemoryStorage } from './storage/memory.js'
export type { TotpImport } from './totp-import.js'
