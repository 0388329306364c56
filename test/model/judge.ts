import { describeEntry, describeHistory, describeOutcome, type Entry, type History } from './history.js'
import { linearise } from './linearise.js'
import { act, changesNothing, step } from './model.js'
import type { Bounds, State } from './state.js'

/** What is wrong with one user's history, in words; undefined when nothing is. */
export function complaintOf(history: History, bounds: Bounds): string | undefined {
  const twice = countedTwice(history)
  if (twice !== undefined) return `${twice} counted twice:\n${describeHistory(history)}`
  const found = linearise<State>(history, {
    initial: null,
    step: (state, { operation, outcome }) => step(state, operation, outcome, bounds),
    changesNothing,
  })
  if (found.explained) return undefined
  const lines = [
    'No order explains this history:',
    describeHistory(history),
    'As far as an order goes:',
    ...found.order.map((entry) => `  ${describeEntry(entry)}`),
    `Then the state is ${JSON.stringify(found.last).replaceAll('"', '')}, and next came one of:`,
    ...found.stuck.flatMap((entry) => [
      `  ${describeEntry(entry)}`,
      `    where this is right: ${describeOutcome(act(found.last, entry.operation, entry.outcome, bounds).outcome)}`,
    ]),
  ]
  return lines.join('\n')
}

/** A code that counted twice: a time step of an authenticator, or a backup code. It needs no model to be wrong. */
export function countedTwice(history: History): string | undefined {
  const counted = history.flatMap(spentBy)
  return counted.find((code, index) => counted.indexOf(code) !== index)
}

/** The code that an operation spent. */
function spentBy({ operation, outcome }: Entry): readonly string[] {
  if (outcome?.answer !== 'ok') return []
  if (operation.kind === 'use') {
    return operation.code ? [`${operation.code.codes}[${operation.code.index}]`] : ['a wrong backup code']
  }
  if (operation.kind !== 'confirm' && operation.kind !== 'verify') return []
  const id = operation.kind === 'confirm' ? operation.authenticator : outcome.authenticator
  const match = operation.matches.find(({ authenticator }) => authenticator === id)
  return [match ? `${match.authenticator}@${match.step}` : 'a wrong code']
}
