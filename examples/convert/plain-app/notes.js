const notes = new Map([
  ['1', { id: '1', text: 'Water the plants' }],
  ['2', { id: '2', text: 'Call Bob' }],
])
let lastId = 2

exports.all = () => [...notes.values()]
exports.get = (id) => notes.get(id)
exports.remove = (id) => notes.delete(id)
exports.put = (id, text) => {
  const note = { id, text: String(text) }
  notes.set(id, note)
  return note
}
exports.add = (text) => exports.put(String(++lastId), text)
