import { RedisStore } from 'connect-redis'
import express from 'express'
import {
  createSecondFactor,
  holdForSecondFactor,
  requireSecondFactor,
  secondFactorRouter,
  TotpStrategy,
} from 'express-2fa'
import { RedisStorage } from 'express-2fa/storage/redis'
import session from 'express-session'
import passport from 'passport'
import { createClient } from 'redis'
import start from './application.cjs'

const secondFactors = {
  createSecondFactor,
  holdForSecondFactor,
  requireSecondFactor,
  secondFactorRouter,
  TotpStrategy,
}
start({ createClient, express, passport, RedisStorage, RedisStore, secondFactors, session })
