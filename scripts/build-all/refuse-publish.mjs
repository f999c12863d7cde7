/** npm runs this before it would publish this directory, which has neither the addons nor the dependencies on their packages. */

import process from 'node:process'

process.stderr.write('publish what `npm run build:all` packed into target/build-all/packages, the platforms first, as the release workflow does\n')
process.exitCode = 1
