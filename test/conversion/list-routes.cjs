// Prints the routes of the Express 4 application in the working folder, as Express itself keeps them.
const { resolve } = require('node:path')
const app = require(resolve('app.js'))

const routesOf = (stack, mount) =>
  stack.flatMap(({ route, name, handle, regexp }) => {
    if (name === 'router') return routesOf(handle.stack, mount + pathOf(regexp))
    const methods = Object.keys(route?.methods ?? {}).filter((method) => method !== '_all')
    return methods.map((method) => ({ method: method.toUpperCase(), path: mount + route.path }))
  })

/** Express keeps of the path of `app.use` what it matches by. */
const pathOf = ({ source }) => source.replace('\\/?(?=\\/|$)', '').replace(/^\^/, '').replaceAll('\\', '')

process.stdout.write(JSON.stringify(routesOf(app._router.stack, '')), () => process.exit())
