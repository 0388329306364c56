const { ensureLoggedIn } = require('connect-ensure-login')
const express = require('express')
const pages = require('../pages')
const users = require('../users')

const router = express.Router()

router.use(ensureLoggedIn('/login'))
router.use((req, res, next) => {
  if (req.user.admin) next()
  else res.sendStatus(403)
})

router.get('/users', (req, res) => {
  res.send(pages.users(users.all()))
})
router.post('/users/:id/rename', (req, res) => {
  users.findById(req.params.id).displayName = String(req.body.displayName)
  res.redirect('/admin/users')
})

module.exports = router
