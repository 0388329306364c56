const express = require('express')
const notes = require('../notes')

const router = express.Router()

router.use((req, res, next) => {
  if (req.user) next()
  else res.status(401).json({ error: 'Log in first.' })
})

router.get('/me', (req, res) => {
  res.json({ username: req.user.username })
})
router.get('/notes', (req, res) => {
  res.json(notes.all())
})
router.put('/notes/:id', (req, res) => {
  res.json(notes.put(req.params.id, req.body.text))
})
router.patch('/notes/:id', (req, res) => {
  res.json(notes.put(req.params.id, req.body.text))
})
router.delete('/notes/:id', (req, res) => {
  notes.remove(req.params.id)
  res.sendStatus(204)
})

module.exports = router
