const { randomBytes, scrypt, scryptSync, timingSafeEqual } = require('node:crypto')

const users = [
  newUser('1', 'alice', 'correct horse battery staple', true),
  newUser('2', 'bob', 'wrong horse battery staple', false),
]

function newUser(id, username, password, admin) {
  const salt = randomBytes(16)
  return { id, username, displayName: username, admin, salt, hash: scryptSync(password, salt, 32) }
}

exports.all = () => users

exports.findById = (id) => users.find((user) => user.id === id) || false

exports.checkPassword = (username, password, done) => {
  const user = users.find((one) => one.username === username)
  if (!user) return done(null, false)
  scrypt(password, user.salt, 32, (error, derived) => {
    if (error) return done(error)
    done(null, timingSafeEqual(derived, user.hash) && user)
  })
}
