// No second factor: what Express, the session and Passport's login cost by themselves.
import { passportApp, serve } from './contender.js'

const app = await passportApp()
app.post('/second', (req, res, next) => {
  req.login(req.user as Express.User, (error) => {
    if (error) next(error)
    else res.json({ ok: true })
  })
})
await serve(app)
