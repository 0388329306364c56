/**
 * The application, of whatever modules it is given.
 *
 * @param modules - what `esm.js` has imported, or `commonjs.cjs` has required
 */
module.exports = ({ createClient, express, passport, RedisStorage, RedisStore, secondFactors, session }) => {
  const { createSecondFactor, holdForSecondFactor, requireSecondFactor, secondFactorRouter, TotpStrategy } =
    secondFactors
  const redis = createClient({ url: process.env.REDIS_URL, disableOfflineQueue: true })
  redis.on('error', console.error)

  const secondFactor = createSecondFactor({
    issuer: 'ACME',
    storage: new RedisStorage({ client: redis }),
    secret: process.env.SECOND_FACTOR_SECRET,
  })
  passport.serializeUser((user, done) => done(null, user))
  passport.deserializeUser((user, done) => done(null, user))
  passport.use(new TotpStrategy(secondFactor))

  const app = express()
  const store = new RedisStore({ client: redis })
  app.use(
    session({ store, secret: process.env.SESSION_SECRET, resave: false, saveUninitialized: false }),
    passport.initialize(),
    passport.session(),
    holdForSecondFactor(secondFactor),
  )
  app.use('/2fa', secondFactorRouter(secondFactor))
  app.use(express.json())

  app.post('/login', (req, res, next) => {
    req.logIn({ id: req.body.name }, (error) => (error ? next(error) : res.sendStatus(204)))
  })
  app.post('/login/2fa', passport.authenticate('totp'), (req, res) => res.sendStatus(204))
  app.get('/account', (req, res) => {
    if (req.isAuthenticated()) res.json({ account: req.user })
    else res.sendStatus(401)
  })
  app.post('/transfer', requireSecondFactor(secondFactor, { maxAgeSeconds: 300 }), (req, res) =>
    res.sendStatus(204),
  )

  redis.connect().then(() => {
    const server = app.listen(0, '127.0.0.1', () => process.send(`http://127.0.0.1:${server.address().port}`))
  })
  process.on('disconnect', () => process.exit())
}
