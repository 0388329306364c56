const { ensureLoggedIn } = require('connect-ensure-login')
const { RedisStore } = require('connect-redis')
const express = require('express')
const session = require('express-session')
const passport = require('passport')
const LocalStrategy = require('passport-local')
const { createClient } = require('redis')
const pages = require('./pages')
const users = require('./users')

const redis = createClient({ url: process.env.REDIS_URL })
redis.on('error', console.error)
redis.connect()

passport.use(new LocalStrategy(users.checkPassword))
passport.serializeUser((user, done) => done(null, user.id))
passport.deserializeUser((id, done) => done(null, users.findById(id)))

const app = express()
app.use(
  session({
    store: new RedisStore({ client: redis }),
    secret: process.env.SESSION_SECRET,
    resave: false,
    saveUninitialized: false,
  }),
)
app.use(passport.initialize())
app.use(passport.session())
app.use(express.urlencoded({ extended: false }))
app.use(express.json())

app.get('/', (req, res) => {
  res.send(pages.home(req.user))
})
app.get('/login', (req, res) => {
  if (req.isAuthenticated()) return res.redirect('/account')
  res.send(pages.login(req.query.again !== undefined))
})
app.post(
  '/login',
  passport.authenticate('local', {
    successReturnToOrRedirect: '/account',
    failureRedirect: '/login?again',
    keepSessionInfo: true,
  }),
)
app.post('/logout', (req, res, next) => {
  req.logout((error) => (error ? next(error) : res.redirect('/')))
})

app
  .route('/account')
  .all(ensureLoggedIn('/login'))
  .get((req, res) => {
    res.send(pages.account(req.user))
  })
  .post((req, res) => {
    req.user.displayName = String(req.body.displayName)
    res.redirect('/account')
  })
app.get('/account/export', ensureLoggedIn('/login'), (req, res) => {
  res.json({ username: req.user.username, displayName: req.user.displayName })
})
app.use('/notes', require('./routes/notes'))
app.use('/admin', require('./routes/admin'))
app.use('/api', require('./routes/api'))

module.exports = app
