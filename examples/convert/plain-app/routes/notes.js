const { ensureLoggedIn } = require('connect-ensure-login')
const express = require('express')
const notes = require('../notes')
const pages = require('../pages')

const router = express.Router()
const loggedIn = ensureLoggedIn('/login')

router.get('/', loggedIn, (req, res) => {
  res.send(pages.notes(notes.all()))
})
router.post('/', loggedIn, (req, res) => {
  notes.add(req.body.text)
  res.redirect('/notes')
})
router.get('/:id', loggedIn, (req, res) => {
  const note = notes.get(req.params.id)
  if (!note) return res.sendStatus(404)
  res.send(pages.note(note))
})
router.post('/:id', loggedIn, (req, res) => {
  notes.put(req.params.id, req.body.text)
  res.redirect('/notes')
})
router.post('/:id/delete', loggedIn, (req, res) => {
  notes.remove(req.params.id)
  res.redirect('/notes')
})

module.exports = router
